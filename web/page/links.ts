// Addresses in what others wrote.

const ADDRESS = /\bhttps?:\/\/[^\s<>"\\^`{|}\p{C}]+/giu;
const AFTER = ".,;:!?'*_~)]…。，、；：！？」』）》】"; // what belongs to the sentence around it
const MOST = 100; // in one message

function trimmed(address: string): string {
  const own = address.includes("(") ? ")" : "";
  let end = address.length;
  while (address[end - 1] !== own && AFTER.includes(address[end - 1]!)) end--;
  return address.slice(0, end);
}

// The text in pieces: an address is a URL, whose href is of ASCII alone and shows the host that is gone to, whatever it looked like.
// One with a name before its host is none: that is what looks like another host.
export function pieces(text: string): (string | URL)[] {
  const found: (string | URL)[] = [];
  let done = 0;
  for (const { 0: whole, index } of text.matchAll(ADDRESS)) {
    if (found.length >= 2 * MOST) break;
    const address = trimmed(whole);
    let url: URL;
    try {
      url = new URL(address);
    } catch {
      continue;
    }
    if (url.username !== "" || url.password !== "") continue;
    found.push(text.slice(done, index), url);
    done = index + address.length;
  }
  return [...found, text.slice(done)];
}
