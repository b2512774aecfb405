// Mends what ts-mls 1.6.4 gets wrong of RFC 9420 in its fetched copy, where nothing outside of it
// could. Each: a file, text that it holds once, and what takes its place.
import { readFileSync, writeFileSync } from "node:fs";

const mends = [
  // Section 12.4.3.1: only nodes between the leaf and the node that lists it must list it, and may
  // list more.
  [
    "clientState.js",
    "!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves)",
    "dp.indexOf(parentIdx) < dp.indexOf(toNodeIndex(i)) && " +
      "!dpNode.parent.unmergedLeaves.includes(unmergedLeaf)",
  ],
  // Section 12.4.2: whose leaf was removed is out, even if the same commit gave it to another.
  [
    "clientState.js",
    "mutatedTree[leafToNodeIndex(toLeafIndex(state.privatePath.leafIndex))] === undefined",
    "grouped.remove.some((r) => r.proposal.remove.removed === state.privatePath.leafIndex)",
  ],
  // Section 12.4: a commit of new extensions has a path...
  [
    "clientState.js",
    "const needsUpdatePath = ",
    "const needsUpdatePath = grouped.group_context_extensions.length > 0 || ",
  ],
  // ... which is sealed under the context with the new ones (section 12.4.1).
  [
    "createCommit.js",
    "createUpdatePath(res.tree, toLeafIndex(state.privatePath.leafIndex), state.groupContext,",
    "createUpdatePath(res.tree, toLeafIndex(state.privatePath.leafIndex), " +
      "res.additionalResult.extensions?.length > 0 " +
      "? { ...state.groupContext, extensions: res.additionalResult.extensions } " +
      ": state.groupContext,",
  ],
  // Section 12.1.8.1: external_senders is a vector; of one sender here.
  [
    "externalSender.js",
    "import { decodeVarLenData, varLenDataEncoder }",
    "import { decodeVarLenData, decodeVarLenType, varLenDataEncoder }",
  ],
  [
    "externalSender.js",
    "export const decodeExternalSender = mapDecoders(",
    "export const decodeExternalSender = (b, o) => " +
      "decodeVarLenType(decodeOne)(b, o)?.map((x, i) => (i === 0 ? x[0] : x));\n" +
      "const decodeOne = mapDecoders(",
  ],
];

for (const [file, from, to] of mends) {
  const path = `node_modules/ts-mls/dist/src/${file}`;
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}
