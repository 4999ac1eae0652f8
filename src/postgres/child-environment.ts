/** What a program needs from us to run at all. Everything else, inputs and tokens above all, stays with us. */
const inherited = ["PATH", "HOME", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH"] as const;

/** The environment of a child: an allow-list, English messages, and what the caller adds. */
export function childEnvironment(additions: Readonly<Record<string, string>> = {}): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: "C" };
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...additions };
}
