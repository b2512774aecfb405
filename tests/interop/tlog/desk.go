package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A request desk's own ledger, as it publishes it: two batches, and the notes of its documents.
var program, deskFolder string
var batches [2]tlog.Tree

func desk(args ...string) error {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

func deskVerifier() (note.Verifier, error) {
	office, err := os.ReadFile(filepath.Join(deskFolder, "office.txt"))
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(office), "\n") {
		if strings.HasPrefix(line, "ledger ") {
			return note.NewVerifier(strings.TrimPrefix(line, "ledger "))
		}
	}
	return nil, fmt.Errorf("the office file names no ledger")
}

func deskOpens(path string) (string, error) {
	verifier, err := deskVerifier()
	if err != nil {
		return "", err
	}
	message, err := read(path)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	return opened.Text, nil
}

func deskCheckpoint() (tlog.Tree, error) {
	var tree tlog.Tree
	text, err := deskOpens("checkpoint")
	if err != nil {
		return tree, err
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 {
		return tree, fmt.Errorf("the text is %q", text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err == nil {
		tree.Hash, err = tlog.ParseHash(lines[2])
	}
	return tree, err
}

// The office file and the list are in force, and a batch is published, and another.
func deskPublishes() error {
	folder = filepath.Join(deskFolder, "public")
	if err := os.RemoveAll(deskFolder); err != nil {
		return err
	}
	if err := desk("demo", deskFolder, "http://localhost:4490"); err != nil {
		return err
	}
	office, list := filepath.Join(deskFolder, "office.txt"), filepath.Join(deskFolder, "suspensions.txt")
	text, err := os.ReadFile(office)
	if err != nil {
		return err
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(text))
	if err := desk("office", deskFolder, office, "--pin", hash); err != nil {
		return err
	}
	if err := desk("list", deskFolder, list); err != nil {
		return err
	}
	for i := range batches {
		if err := desk("ledger", "publish", deskFolder); err != nil {
			return err
		}
		if batches[i], err = deskCheckpoint(); err != nil {
			return err
		}
	}
	if batches[0].N == 0 || batches[1].N != 2*batches[0].N {
		return fmt.Errorf("the batches end at %d and %d", batches[0].N, batches[1].N)
	}
	return nil
}

func deskTilesAreTheTree() error {
	hashes := tlog.TileHashReader(batches[1], tiles{})
	for _, tree := range batches {
		root, err := tlog.TreeHash(tree.N, hashes)
		if err != nil || root != tree.Hash {
			return fmt.Errorf("%d: %v", tree.N, err)
		}
	}
	proof, err := tlog.ProveTree(batches[1].N, batches[0].N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, batches[1].N, batches[1].Hash, batches[0].N, batches[0].Hash)
}

func deskEntriesAreTheLeaves() error {
	if batches[1].N == 0 {
		return fmt.Errorf("there is none")
	}
	hashes := tlog.TileHashReader(batches[1], tiles{})
	for n := int64(0); n*256 < batches[1].N; n++ {
		path := tlog.Tile{H: 8, L: 0, N: n, W: 256}.Path()
		bundle, err := read(strings.Replace(path, "tile/8/0/", "tile/entries/", 1))
		if err != nil {
			return err
		}
		for i := n * 256; i < (n+1)*256; i++ {
			length := int(binary.BigEndian.Uint16(bundle))
			leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
			if err != nil || leaf[0] != tlog.RecordHash(bundle[2:2+length]) {
				return fmt.Errorf("entry %d: %v", i, err)
			}
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			return fmt.Errorf("%s goes on", path)
		}
	}
	return nil
}

// Of a changed tile tlog takes no hash.
func deskChangedTilesAreNot() error {
	path := filepath.Join(folder, "tile", "0", "000")
	tile, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	defer os.WriteFile(path, tile, 0o666)
	if err := os.Remove(path); err != nil {
		return err
	}
	changed := append([]byte{}, tile...)
	changed[99] ^= 1
	if err := os.WriteFile(path, changed, 0o666); err != nil {
		return err
	}
	hashes := tlog.TileHashReader(batches[1], tiles{})
	if _, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, 3)}); err == nil {
		return fmt.Errorf("a changed one is taken")
	}
	return nil
}

// Each names the one before, and the file whose hash it says.
func deskNoticesOpen() error {
	for i, kind := range []string{"office", "suspensions"} {
		text, err := deskOpens(fmt.Sprintf("notices/%d", i+1))
		if err != nil {
			return err
		}
		file, err := read(kind + "/1")
		if err != nil {
			return err
		}
		document, _, _ := strings.Cut(string(file), "\n\n")
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.TrimSuffix(document, "\n")+"\n")))
		if !strings.Contains(text, "\nkind "+kind+"\n") || !strings.Contains(text, hash) {
			return fmt.Errorf("%d: it is %q", i+1, text)
		}
	}
	return nil
}
