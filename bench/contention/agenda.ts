interface Entry {
  readonly at: number;
  readonly order: number;
  readonly what: () => void;
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Virtual time, in milliseconds: things happen in the order of their moments, at once by the order in which they were planned. */
export class Agenda {
  now = 0;
  readonly #heap: Entry[] = [];
  #planned = 0;

  plan(at: number, what: () => void): void {
    const heap = this.#heap;
    this.#planned += 1;
    const entry = { at, order: this.#planned, what };
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  /** Lets everything happen until then, also what is planned meanwhile. */
  run(until: number): void {
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.now = next.at;
      next.what();
    }
  }

  #next(): Entry | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      const least = b !== undefined && a !== undefined && isBefore(b, a) ? left + 1 : left;
      const below = heap[least];
      if (below === undefined || !isBefore(below, last)) break;
      heap[place] = below;
      place = least;
    }
    heap[place] = last;
    return first;
  }
}
