// A list that draws only the rows in sight, and keeps its place whatever comes before or after them.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Heights } from "./virtual";

const BEYOND = 600; // pixels that are drawn above and below what is in sight
const GUESS = 56;
const NEAR = 40; // as good as at the end

export interface ListHandle {
  show(key: number): void;
  toEnd(): void;
}

export interface Row {
  key: number;
  children: ComponentChildren;
}

interface Props {
  label: string;
  keys: number[];
  // What stands in a row; `active` if the keyboard is there.
  row: (index: number, active: boolean) => ComponentChildren;
  begin: number; // the row to begin at; 0: at the end
  handle: { current: ListHandle | null };
  onNearTop: () => void;
  onAtEnd: (atEnd: boolean) => void;
  onKey: (index: number, event: KeyboardEvent) => void;
  top: ComponentChildren; // above the first row
}

export function List(props: Props) {
  const { keys } = props;
  const box = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLOListElement>(null);
  const above = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLDivElement>(null);
  const heights = useMemo(() => new Heights(GUESS), []);
  const place = useRef({ end: props.begin === 0, key: props.begin, offset: -24 });
  const [range, setRange] = useState<[number, number]>([0, -1]);
  const [active, setActive] = useState(0); // the key of the row that the keyboard is at
  const focus = useRef(false);
  const going = useRef(0); // to this row, as soon as it is drawn

  const known = useRef<number[] | null>(null);
  if (known.current !== keys) {
    known.current = keys;
    heights.setKeys(keys);
  }

  // The rows in sight by the place that is kept, which may be anywhere before the first measure.
  const wanted = (): [number, number] => {
    const height = box.current?.clientHeight ?? 800;
    const top = place.current.end
      ? heights.total - height
      : heights.top(Math.max(0, heights.rowOf(place.current.key))) + place.current.offset;
    return heights.range(top, height, BEYOND);
  };
  const [first, last] = range[1] >= keys.length || range[1] < range[0] ? wanted() : range;

  // Measures what is drawn, and puts the place that is kept where it was.
  const settle = () => {
    const b = box.current;
    if (b === null || rows.current === null) return;
    for (const child of rows.current.children as Iterable<Element> & HTMLCollection) {
      const row = heights.rowOf(Number((child as HTMLElement).dataset.key));
      if (row >= 0) heights.set(row, child.getBoundingClientRect().height);
    }
    const begin = heights.rowOf(Number((rows.current.firstElementChild as HTMLElement | null)?.dataset.key ?? -1));
    const end = heights.rowOf(Number((rows.current.lastElementChild as HTMLElement | null)?.dataset.key ?? -1));
    above.current!.style.height = `${heights.top(Math.max(begin, 0))}px`;
    below.current!.style.height = `${heights.total - heights.top(end + 1)}px`;
    const start = rows.current.offsetTop - heights.top(Math.max(begin, 0)); // of row 0
    const target = place.current.end
      ? b.scrollHeight - b.clientHeight
      : start + heights.top(Math.max(0, heights.rowOf(place.current.key))) + place.current.offset;
    if (Math.abs(b.scrollTop - target) >= 1) b.scrollTop = target;
    const next = heights.range(b.scrollTop - start, b.clientHeight, BEYOND);
    if (next[0] !== first || next[1] !== last) setRange(next);
  };

  useLayoutEffect(settle);
  const settleNow = useRef(settle);
  settleNow.current = settle;

  useEffect(() => {
    const observer = new ResizeObserver(() => settleNow.current());
    observer.observe(box.current!);
    observer.observe(rows.current!);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const b = box.current!;
    const start = above.current!.offsetTop;
    const y = b.scrollTop - start;
    const end = b.scrollHeight - b.clientHeight - b.scrollTop < NEAR;
    const row = heights.at(Math.max(0, y));
    place.current = { end, key: keys[row] ?? 0, offset: y - heights.top(row) };
    const next = heights.range(y, b.clientHeight, BEYOND);
    if (next[0] !== first || next[1] !== last) setRange(next);
    props.onAtEnd(end);
    if (y < BEYOND) props.onNearTop();
  };

  props.handle.current = {
    show(key) {
      const height = box.current?.clientHeight ?? 0;
      place.current = { end: false, key, offset: -height / 3 };
      setActive(key);
      setRange(wanted());
      requestAnimationFrame(() => settleNow.current());
    },
    toEnd() {
      place.current = { end: true, key: 0, offset: 0 };
      setRange(wanted());
      requestAnimationFrame(() => settleNow.current());
      props.onAtEnd(true);
    },
  };

  // Up and down go from row to row, in sight or not.
  const onKeyDown = (e: KeyboardEvent) => {
    const inRow = (e.target as HTMLElement).closest<HTMLElement>("li[data-key]");
    // Keys may come faster than rows are drawn.
    const key = focus.current ? going.current : Number(inRow?.dataset.key ?? 0);
    const at = key === 0 ? -1 : heights.rowOf(key);
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      if ((e.target as HTMLElement).closest("input, textarea")) return;
      e.preventDefault();
      const from = at >= 0 ? at : e.key === "ArrowUp" ? keys.length : heights.rowOf(active) - 1;
      const to = Math.min(Math.max(from + (e.key === "ArrowUp" ? -1 : 1), 0), keys.length - 1);
      if (to < 0) return;
      focus.current = true;
      going.current = keys[to]!;
      setActive(going.current);
      if (to === 0) props.onNearTop();
    } else if (at >= 0) {
      props.onKey(at, e);
    }
  };

  useLayoutEffect(() => {
    if (!focus.current) return;
    focus.current = false;
    const row = rows.current!.querySelector<HTMLElement>(`li[data-key="${active}"]`);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const drawn = [];
  for (let i = Math.max(first, 0); i <= Math.min(last, keys.length - 1); i++)
    drawn.push(
      <li
        key={keys[i]}
        data-key={keys[i]}
        tabIndex={keys[i] === active ? 0 : -1}
        aria-posinset={i + 1}
        aria-setsize={keys.length}
      >
        {props.row(i, keys[i] === active)}
      </li>,
    );
  return (
    <div
      ref={box}
      class="list-box"
      role="region"
      aria-label={props.label}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      {props.top}
      <div ref={above} aria-hidden="true" />
      <ol ref={rows} class="list-rows">
        {drawn}
      </ol>
      <div ref={below} aria-hidden="true" />
    </div>
  );
}
