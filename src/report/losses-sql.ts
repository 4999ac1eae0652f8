import type { Loss } from "../report.ts";

const headings: Readonly<Record<Loss["kind"], string>> = {
  role: "Roles. Heroku: heroku pg:credentials:create DATABASE --name NAME --app APP",
  membership: "Memberships",
  owner: "Owners. On Heroku everything belongs to the database's own user",
  grant: "Grants",
  "default-privilege": "Default privileges",
  "role-setting": "Settings of roles",
  "database-setting": "Settings of the database",
  job: "Scheduled jobs. Heroku: Heroku Scheduler or a clock process",
  publication: "Publications",
  subscription: "Subscriptions",
  "event-trigger": "Event triggers",
  "foreign-server": "Foreign servers and user mappings",
  other: "Everything else",
};

const preface = `-- What an archive does not carry, or Heroku does not take.
-- Statements recreate what Heroku allows: run them on the target after the migration, and read them first.
-- Comments are for the record: Heroku does not allow them, or they belong elsewhere.
-- Statements that name a role need that role to exist.
`;

/** SQL that recreates what can be, with everything else as comments. */
export function renderLossesSql(losses: readonly Loss[]): string {
  const kinds = Object.keys(headings) as Loss["kind"][];
  const sections = kinds.flatMap((kind) => {
    const own = losses.filter((loss) => loss.kind === kind);
    return own.length === 0 ? [] : [`${comment(headings[kind])}\n${own.map(renderLoss).join("")}`];
  });
  return [preface, ...sections].join("\n");
}

function renderLoss({ description, sql, original }: Loss): string {
  const lines = [comment(description)];
  if (original !== undefined) lines.push(comment(`  was: ${original}`));
  if (sql !== undefined) lines.push(sql.trim().endsWith(";") ? sql.trim() : `${sql.trim()};`);
  return `${lines.join("\n")}\n`;
}

/** Every line of it a comment: names and commands of the source cannot end it. */
function comment(text: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029\v\f]/u)
    .map((line) => `-- ${line}`.trimEnd())
    .join("\n");
}
