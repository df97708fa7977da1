/*
 * Stands in for `cls-hooked/context`, in which the X-Ray SDK keeps the current segment: bundles are built with this instead.
 * The original follows every promise through `async_hooks`, to tell requests apart that one process serves at the same time.
 * A Lambda function serves one, so one context per process is enough, and costs nothing.
 */

type Context = Record<string, unknown>;

const namespaces = new Map<string, Namespace>();

class Namespace {
  #active: Context = {};

  get(key: string): unknown {
    return this.#active[key];
  }

  set<Value>(key: string, value: Value): Value {
    this.#active[key] = value;
    return value;
  }

  createContext(): Context {
    return Object.create(this.#active) as Context;
  }

  enter(context: Context): void {
    this.#active = context;
  }

  /** What `work` sets is seen inside it, as far as it runs at once. */
  run(work: (context: Context) => void): Context {
    const outer = this.#active;
    const inner = this.createContext();
    this.#active = inner;
    try {
      work(inner);
      return inner;
    } finally {
      this.#active = outer;
    }
  }
}

export const createNamespace = (name: string): Namespace => {
  const namespace = new Namespace();
  namespaces.set(name, namespace);
  return namespace;
};

export const getNamespace = (name: string): Namespace | undefined => namespaces.get(name);
