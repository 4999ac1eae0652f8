/** Reads at the first call and remembers, so that several checks share one query. A failure is remembered as well. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= read());
}
