#!/usr/bin/env python3
"""A flame graph of what perf recorded, and a table of where the time goes.

    perf script -i FILE -F ip,sym | bench/flame.py TITLE PICTURE.svg

A box is a function, above it what it called; as wide as its share of the samples. The table, on
stdout, counts each sample once, by the first rule that a function of its stack meets."""
import html
import sys

WIDTH, ROW, LEAST = 1200, 16, 1.0  # pixels; narrower boxes are left out

# Innermost first decides within a rule, the rules in this order.
RULES = [
    ("AEAD", ("chacha20", "poly1305", "blake2b", "aes_gcm", "gcm_", "sodium_", "EVP_")),
    ("kernel: TCP", ("tcp_", "inet_", "ip_", "sock_recvmsg_tcp", "__netif", "net_rx")),
    ("kernel: unix sockets", ("unix_",)),
    ("kernel: epoll", ("epoll", "ep_poll", "ep_send", "do_epoll")),
    ("kernel: the log", ("fdatasync", "fsync", "ext4", "vfs_write", "blk_", "jbd2")),
    ("kernel: the rest", ("entry_SYSCALL", "do_syscall", "asm_", "schedule", "futex")),
    ("RocksDB", ("rocksdb",)),
    ("malloc", ("malloc", "calloc", "realloc", "_int_free", "cfree", "mem_new", "mem_free")),
    ("copies and wipes", ("memcpy", "memmove", "memset", "wipe", "explicit_bzero")),
    ("codec and checks", ("proto_", "reader_", "writer_", "varint")),
]


def stacks(lines):
    """Each sample's functions, outermost first."""
    stack = []
    for line in lines:
        words = line.split()
        if words:
            stack.append(words[1] if len(words) > 1 else "[unknown]")
        elif stack:
            yield stack[::-1]
            stack = []
    if stack:
        yield stack[::-1]


def kind(stack):
    for name, parts in RULES:
        for function in stack:
            if any(part in function for part in parts):
                return name
    return "our own code"


class Box:
    def __init__(self):
        self.count, self.above = 0, {}

    def add(self, stack):
        box = self
        box.count += 1
        for function in stack:
            box = box.above.setdefault(function, Box())
            box.count += 1

    def depth(self):
        return 1 + max((b.depth() for b in self.above.values()), default=0)


def draw(box, name, x, level, scale, height, total, out):
    width = box.count * scale
    if width < LEAST:
        return
    y = height - (level + 1) * ROW
    color = "#9bbcdc" if kind([name]).startswith("kernel") else "#e8b07a"
    label = html.escape(name)
    out.append(f'<g><title>{label} {100 * box.count / total:.1f} %</title>'
               f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="{color}"/>')
    if width > 40:
        shown = html.escape(name[: int(width / 6.5)])
        out.append(f'<text x="{x + 2:.1f}" y="{y + 11}">{shown}</text>')
    out.append("</g>")
    for above in sorted(box.above):
        draw(box.above[above], above, x, level + 1, scale, height, total, out)
        x += box.above[above].count * scale


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root, kinds = Box(), {}
    for stack in stacks(sys.stdin):
        root.add(stack)
        kinds[kind(stack)] = kinds.get(kind(stack), 0) + 1
    if root.count == 0:
        sys.exit("flame.py: no samples")
    height = (root.depth() + 1) * ROW
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           f'font-family="monospace" font-size="10">']
    draw(root, f"{sys.argv[1]}: {root.count} samples", 0, 0, WIDTH / root.count, height,
         root.count, out)
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        f.write("\n".join(out + ["</svg>", ""]))
    for name, count in sorted(kinds.items(), key=lambda x: -x[1]):
        print(f"| {name} | {100 * count / root.count:.1f} % |")


if __name__ == "__main__":
    main()
