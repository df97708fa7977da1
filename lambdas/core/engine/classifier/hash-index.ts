/** Gives 32-bit hashes small consecutive numbers. Open addressing over typed arrays: no boxing, no allocation per look-up. */
export class HashIndex {
  #keys: Int32Array;
  #slots: Int32Array;
  #size = 0;

  constructor(expected = 1024) {
    this.#keys = new Int32Array(expected);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(expected * 2 + 2)));
  }

  get size(): number {
    return this.#size;
  }

  /** The hashes in the order of their numbers. */
  keys(): Int32Array {
    return this.#keys.slice(0, this.#size);
  }

  /** The number of a hash, or -1. */
  find(hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = (hash >>> 1) & mask; ; at = (at + 1) & mask) {
      const number = (slots[at] ?? 0) - 1;
      if (number < 0 || this.#keys[number] === hash) return number;
    }
  }

  /** The number of a hash, which is new if the hash is. */
  add(hash: number): number {
    const found = this.find(hash);
    if (found >= 0) return found;
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    if (this.#size === this.#keys.length) {
      const keys = new Int32Array(this.#keys.length * 2);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#keys[this.#size] = hash;
    this.#place(hash, this.#size);
    return this.#size++;
  }

  #place(hash: number, number: number): void {
    const mask = this.#slots.length - 1;
    let at = (hash >>> 1) & mask;
    while (this.#slots[at] !== 0) at = (at + 1) & mask;
    this.#slots[at] = number + 1;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#size; number++) this.#place(this.#keys[number] ?? 0, number);
  }
}
