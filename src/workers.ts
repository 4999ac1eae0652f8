/**
 * Runs `work` on every item, at most `limit` at a time, and gives the results in the order of the items.
 * The first failure aborts the signal that the others were given, waits for them, and is thrown.
 *
 * @throws RangeError for a limit that would let nothing run
 */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  outerSignal?: AbortSignal,
): Promise<Result[]> {
  if (!(limit >= 1)) throw new RangeError(`a limit of ${limit} lets nothing run`);
  const stop = new AbortController();
  const signal = outerSignal ? AbortSignal.any([outerSignal, stop.signal]) : stop.signal;
  const results: Result[] = [];
  let next = 0;
  const runOne = async (): Promise<void> => {
    while (next < items.length) {
      signal.throwIfAborted();
      const index = next++;
      results[index] = await work(items[index] as Item, signal);
    }
  };
  const runners = Array.from({ length: Math.min(limit, items.length) }, async () => {
    try {
      await runOne();
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  await rejectAfterAll(runners);
  return results;
}

/** Waits for all, then throws the first rejection in time: nothing is left running behind a failure. */
async function rejectAfterAll(promises: readonly Promise<void>[]): Promise<void> {
  let first: { error: unknown } | undefined;
  await Promise.all(
    promises.map((promise) =>
      promise.catch((error: unknown) => {
        first ??= { error };
      }),
    ),
  );
  if (first) throw first.error;
}

/** Waits, or throws the signal's reason as soon as it fires. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The promise's result, or `onTimeout()` thrown when it takes longer. The promise itself is not stopped. */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, onTimeout: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(onTimeout()), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The promise, or an error once it has taken too long. What it does is not stopped. */
export async function timeLimited<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = Object.assign(new Error(`${what} took longer than ${limitMs / 1000} s`), { name: "TimeoutError" });
  const timer = setTimeout(() => late.reject(error), limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface Beside<T> extends AsyncDisposable {
  result: Promise<T>;
}

/** Work that goes on beside something else: whoever leaves the scope early stops it, and waits until it has stopped. */
export function besides<T>(outerSignal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Beside<T> {
  const stop = new AbortController();
  const result = work(AbortSignal.any([outerSignal, stop.signal]));
  // Awaited by whoever asks for the result; until then a failure elsewhere weighs more.
  const settled = result.then(
    () => undefined,
    () => undefined,
  );
  return {
    result,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error("what this was for has ended"));
      await settled;
    },
  };
}
