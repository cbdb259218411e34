/** A map by value, not identity: keys are equal when they would be equal as JSON (or as bytes). */
export class KeyMap<T> {
  readonly #primitives = new Map<unknown, T>()
  readonly #composites = new Map<string, T>()

  get size(): number {
    return this.#primitives.size + this.#composites.size
  }

  get(key: unknown): T | undefined {
    return isComposite(key) ? this.#composites.get(textOf(key)) : this.#primitives.get(key)
  }

  set(key: unknown, entry: T): void {
    if (isComposite(key)) this.#composites.set(textOf(key), entry)
    else this.#primitives.set(key, entry)
  }

  delete(key: unknown): void {
    if (isComposite(key)) this.#composites.delete(textOf(key))
    else this.#primitives.delete(key)
  }

  *values(): IterableIterator<T> {
    yield* this.#primitives.values()
    yield* this.#composites.values()
  }
}

function isComposite(key: unknown): key is object {
  return typeof key === 'object' && key !== null
}

function textOf(key: object): string {
  return key instanceof Uint8Array ? `bytes ${Buffer.from(key).toString('latin1')}` : JSON.stringify(key)
}
