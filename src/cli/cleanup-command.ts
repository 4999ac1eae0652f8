/** The command that puts back what a run left behind: the run's own flags, which never hold a secret, and its state. */
export function cleanupCommand(
  argv: readonly string[],
  workDirectory: string,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const program =
    environment["npm_command"] === "exec" ? "npx migrate-to-heroku-postgres" : "migrate-to-heroku-postgres";
  const words = ["cleanup", "--work-dir", workDirectory, ...flagsOf(argv)];
  return `${program} ${words.map(quoted).join(" ")}`;
}

function flagsOf([, ...words]: readonly string[]): string[] {
  const dropped = (word: string | undefined): boolean => word === "--work-dir";
  return words.filter(
    (word, index) => !dropped(word) && !dropped(words[index - 1]) && !/^--(?:json$|work-dir=)/u.test(word),
  );
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
