// Where the rows of a long list stand. A row that was never drawn has a guessed height; one that was keeps its own, by its key.

export class Heights {
  private keys: readonly number[] = [];
  private rows = new Map<number, number>();
  private measured = new Map<number, number>();
  private tops: number[] = [0];
  private good = 0; // tops[0..good] are right

  constructor(private readonly guess: number) {}

  get count(): number {
    return this.keys.length;
  }

  get total(): number {
    return this.top(this.count);
  }

  setKeys(keys: readonly number[]): void {
    this.keys = keys;
    this.rows = new Map(keys.map((key, row) => [key, row]));
    this.tops = new Array<number>(keys.length + 1).fill(0);
    this.good = 0;
  }

  rowOf(key: number): number {
    return this.rows.get(key) ?? -1;
  }

  // True if it was not as high before.
  set(row: number, height: number): boolean {
    const key = this.keys[row];
    if (key === undefined || this.measured.get(key) === height) return false;
    this.measured.set(key, height);
    this.good = Math.min(this.good, row);
    return true;
  }

  top(row: number): number {
    const end = Math.min(row, this.count);
    for (let i = this.good; i < end; i++)
      this.tops[i + 1] = this.tops[i]! + (this.measured.get(this.keys[i]!) ?? this.guess);
    this.good = Math.max(this.good, end);
    return this.tops[Math.max(end, 0)]!;
  }

  // The row that covers this height; the first or the last one beyond the ends.
  at(y: number): number {
    let low = 0;
    let high = this.count - 1;
    this.top(this.count);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle]! <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  // The first and the last row to be drawn for a window, with some beyond each edge.
  range(y: number, height: number, beyond: number): [number, number] {
    if (this.count === 0) return [0, -1];
    return [this.at(y - beyond), this.at(y + height + beyond)];
  }
}
