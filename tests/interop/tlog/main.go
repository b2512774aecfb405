// The ledger against Go's sumdb packages: main TOOL FOLDER SOTTO_DESK FOLDER. TOOL writes a log into its
// folder; note and tlog verify it, and TOOL verifies what note signs. Then the same of what a desk publishes.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var tool, folder string
var sizes = []int64{1, 2, 3, 255, 256, 257, 300, 512, 70000}

func read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(folder, path))
}

// ---- Notes ----

// cosigner verifies witnesses' signatures, which sumdb/note leaves to others.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	seconds := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a key has three parts")
	}
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(typed) != 1+ed25519.PublicKeySize || typed[0] != 4 {
		return nil, errors.New("this is no witness's key")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), typed...))
	c := &cosigner{parts[0], binary.BigEndian.Uint32(sum[:]), typed[1:]}
	if fmt.Sprintf("%08x", c.hash) != parts[1] {
		return nil, errors.New("the id is another key's")
	}
	return c, nil
}

func verifiers() (log, witness note.Verifier, err error) {
	logKey, err := read("key")
	if err != nil {
		return nil, nil, err
	}
	witnessKey, err := read("witness")
	if err != nil {
		return nil, nil, err
	}
	if log, err = note.NewVerifier(string(logKey)); err != nil {
		return nil, nil, err
	}
	witness, err = newCosigner(string(witnessKey))
	return log, witness, err
}

// checkpoint opens the log's note of a size, and reads its three lines.
func checkpoint(size int64) (tlog.Tree, error) {
	var tree tlog.Tree
	message, err := read(fmt.Sprintf("checkpoints/%d", size))
	if err != nil {
		return tree, err
	}
	log, witness, err := verifiers()
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(message, note.VerifierList(log, witness))
	if err != nil {
		return tree, err
	}
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		return tree, fmt.Errorf("%d signatures are right", len(opened.Sigs))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != log.Name() || lines[1] != strconv.FormatInt(size, 10) {
		return tree, fmt.Errorf("the text is %q", opened.Text)
	}
	tree.N = size
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func checkpointsOpen() error {
	for _, size := range sizes {
		if _, err := checkpoint(size); err != nil {
			return fmt.Errorf("%d: %v", size, err)
		}
	}
	return nil
}

func changedCheckpointsDoNot() error {
	log, witness, err := verifiers()
	if err != nil {
		return err
	}
	message, err := read("checkpoint")
	if err != nil {
		return err
	}
	for i := range message {
		changed := append([]byte{}, message...)
		changed[i] ^= 1
		opened, err := note.Open(changed, note.VerifierList(log, witness))
		if err == nil && len(opened.Sigs) == 2 {
			return fmt.Errorf("byte %d may change", i)
		}
	}
	return nil
}

// ---- Trees ----

type tiles struct{}

func (tiles) Height() int                                { return 8 }
func (tiles) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range asked {
		// sumdb's paths say the height; C2SP's don't.
		data, err := read(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// newest is the log's newest tree, and a reader that has verified each tile that it gives.
func newest() (tlog.Tree, tlog.HashReader, error) {
	tree, err := checkpoint(sizes[len(sizes)-1])
	return tree, tlog.TileHashReader(tree, tiles{}), err
}

func tilesAreTheTree() error {
	for _, size := range sizes {
		tree, err := checkpoint(size)
		if err != nil {
			return err
		}
		root, err := tlog.TreeHash(size, tlog.TileHashReader(tree, tiles{}))
		if err != nil || root != tree.Hash {
			return fmt.Errorf("%d: %v", size, err)
		}
	}
	return nil
}

func sizesTilesAreThere() error {
	for i, size := range sizes {
		old := int64(0)
		if i > 0 {
			old = sizes[i-1]
		}
		for _, tile := range tlog.NewTiles(8, old, size) {
			// It names partial tiles of sizes between, too, which have no checkpoint.
			if tile.W < 256 && int64(tile.W) != size>>(8*tile.L)%256 {
				continue
			}
			if _, err := (tiles{}).ReadTiles([]tlog.Tile{tile}); err != nil {
				return err
			}
		}
	}
	return nil
}

func entriesAreTheLeaves() error {
	tree, hashes, err := newest()
	if err != nil {
		return err
	}
	for n := int64(0); n*256 < tree.N; n++ {
		width := tree.N - n*256
		if width > 256 {
			width = 256
		}
		path := tlog.Tile{H: 8, L: 0, N: n, W: int(width)}.Path()
		bundle, err := read(strings.Replace(path, "tile/8/0/", "tile/entries/", 1))
		if err != nil {
			return err
		}
		for i := int64(0); i < width; i++ {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			index := n*256 + i
			leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil || leaf[0] != tlog.RecordHash(entry) {
				return fmt.Errorf("entry %d: %v", index, err)
			}
			if string(entry) != fmt.Sprintf("entry %d", index) {
				return fmt.Errorf("entry %d is %q", index, entry)
			}
		}
		if len(bundle) != 0 {
			return fmt.Errorf("%s goes on", path)
		}
	}
	return nil
}

func readProof(kind string, from, to int64) ([]tlog.Hash, error) {
	text, err := read(fmt.Sprintf("%s/%d-%d", kind, from, to))
	if err != nil {
		return nil, err
	}
	var proof []tlog.Hash
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if line == "" {
			continue
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		proof = append(proof, hash)
	}
	return proof, nil
}

func same(ours, theirs []tlog.Hash) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			return false
		}
	}
	return true
}

func inclusionProofsHold() error {
	tree, hashes, err := newest()
	if err != nil {
		return err
	}
	for index := int64(0); index < tree.N; index += 1 + index/50 {
		proof, err := readProof("inclusion", index, tree.N)
		if err != nil {
			return err
		}
		leaf := tlog.RecordHash([]byte(fmt.Sprintf("entry %d", index)))
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
			return fmt.Errorf("%d: %v", index, err)
		}
		if tlog.CheckRecord(proof, tree.N, tree.Hash, (index+1)%tree.N, leaf) == nil {
			return fmt.Errorf("%d: it holds elsewhere, too", index)
		}
		theirs, err := tlog.ProveRecord(tree.N, index, hashes)
		if err != nil || !same(proof, theirs) {
			return fmt.Errorf("%d: theirs is another: %v", index, err)
		}
	}
	return nil
}

func consistencyProofsHold() error {
	tree, hashes, err := newest()
	if err != nil {
		return err
	}
	for _, size := range sizes[:len(sizes)-1] {
		older, err := checkpoint(size)
		if err != nil {
			return err
		}
		proof, err := readProof("consistency", size, tree.N)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, older.Hash); err != nil {
			return fmt.Errorf("%d: %v", size, err)
		}
		theirs, err := tlog.ProveTree(tree.N, size, hashes)
		if err != nil || !same(proof, theirs) {
			return fmt.Errorf("%d: theirs is another: %v", size, err)
		}
	}
	return nil
}

// ---- Theirs, verified by us ----

func verifyTheirs(vkey string, message []byte) ([]byte, error) {
	key, signed := filepath.Join(folder, "their-key"), filepath.Join(folder, "their-note")
	if err := os.WriteFile(key, []byte(vkey), 0o666); err != nil {
		return nil, err
	}
	if err := os.WriteFile(signed, message, 0o666); err != nil {
		return nil, err
	}
	return exec.Command(tool, "note", key, signed).Output()
}

func theirNotesAreVerified() error {
	texts := []string{"text\n", "\n", "a\n\nb\n\n\u2014 c AAAAAAE=\n", "h\u00e9\u4e2d\U0001f600\n",
		"example.com/log\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"}
	for i, text := range texts {
		var signers []note.Signer
		var first string
		for k := 0; k <= i; k++ {
			skey, vkey, err := note.GenerateKey(rand.Reader, fmt.Sprintf("go.example/%d\u00e9", k))
			if err != nil {
				return err
			}
			signer, err := note.NewSigner(skey)
			if err != nil {
				return err
			}
			signers = append(signers, signer)
			first = vkey
		}
		message, err := note.Sign(&note.Note{Text: text}, signers...)
		if err != nil {
			return err
		}
		out, err := verifyTheirs(first, message)
		if err != nil || string(out) != text {
			return fmt.Errorf("%q: %v", text, err)
		}
		message = bytes.Replace(message, []byte("\n\n\u2014 go"), []byte("!\n\n\u2014 go"), 1)
		if _, err = verifyTheirs(first, message); err == nil {
			return fmt.Errorf("%q: we take a changed one", text)
		}
	}
	return nil
}

func main() {
	tool, folder, program, deskFolder = os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	args := []string{"write", folder}
	for _, size := range sizes {
		args = append(args, strconv.FormatInt(size, 10))
	}
	tests := []struct {
		name string
		run  func() error
	}{
		{"a log is written", exec.Command(tool, args...).Run},
		{"note opens our checkpoints, cosignatures and all", checkpointsOpen},
		{"note opens none that was changed", changedCheckpointsDoNot},
		{"every tile that tlog expects is there", sizesTilesAreThere},
		{"tlog finds each checkpoint's root in our tiles", tilesAreTheTree},
		{"tlog finds each entry's hash in our tiles", entriesAreTheLeaves},
		{"tlog takes our inclusion proofs, and makes the same", inclusionProofsHold},
		{"tlog takes our consistency proofs, and makes the same", consistencyProofsHold},
		{"we verify what note signs", theirNotesAreVerified},
		{"note opens each checkpoint that a desk publishes", deskPublishes},
		{"tlog finds its roots in its tiles, the second after the first", deskTilesAreTheTree},
		{"tlog finds each of its entries in its tiles", deskEntriesAreTheLeaves},
		{"tlog takes no tile of it that was changed", deskChangedTilesAreNot},
		{"note opens what it says of office file and list", deskNoticesOpen},
	}
	failed := 0
	for _, test := range tests {
		if err := test.run(); err != nil {
			failed++
			fmt.Printf("not ok - %s: %v\n", test.name, err)
		} else {
			fmt.Printf("ok - %s\n", test.name)
		}
	}
	fmt.Printf("# %d passed, %d failed, 0 skipped\n", len(tests)-failed, failed)
}
