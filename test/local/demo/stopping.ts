/** How often Ctrl-C is taken for impatience before it ends the process in the middle of taking things down. */
const patience = 3;

/** The first Ctrl-C cancels the run as a person would in the UI; everything that was started is stopped on the way out. */
export function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  let count = 0;
  const stop = (): void => {
    count += 1;
    if (count >= patience) process.exit(130);
    process.stderr.write(count === 1 ? "\nStopping, and taking everything down …\n" : "Still taking things down …\n");
    controller.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  return controller.signal;
}

/** The work's result, or a rejection as soon as the signal fires, whatever the work is about then. */
export async function untilStopped<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => undefined);
  }
}
