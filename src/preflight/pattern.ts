/** The text as a pattern that matches it alone. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, String.raw`\$&`);
}

/** @param patterns names in which a `*` stands for any text */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split("*").map(escapePattern);
    return new RegExp(`^${parts.join("[^]*")}$`).test(name);
  });
}
