export type InputGroup = "run" | "source" | "heroku" | "bucket" | "work" | "output" | "tests";

export interface InputDefinition {
  name: string;
  group: InputGroup;
  description: string;
  default?: string;
  /** Which commands cannot do without it. */
  requiredFor?: readonly Command[];
  secret?: boolean;
  values?: readonly string[];
}

export const commands = ["preflight", "migrate", "verify", "cleanup"] as const;
export type Command = (typeof commands)[number];

const everyRun: readonly Command[] = ["preflight", "migrate", "verify"];
const withBucket: readonly Command[] = ["preflight", "migrate"];
const yesNo = ["true", "false"] as const;

export const providers = [
  "aws-rds",
  "google-cloud-sql",
  "azure",
  "linode",
  "upcloud",
  "render",
  "digitalocean",
  "vultr",
  "aiven",
  "generic",
] as const;
export type Provider = (typeof providers)[number];

/**
 * Every input, once: `action.yml`, the command line's flags and the README's tables are made from this list.
 * An empty default means "not given".
 */
export const inputDefinitions: readonly InputDefinition[] = [
  {
    name: "command",
    group: "run",
    values: commands,
    default: "preflight",
    description:
      "What to do: `preflight` (the gate), `migrate`, `verify` (compare again later) or `cleanup` (put things back after an interruption; the action runs it by itself).",
  },

  {
    name: "source-database-url",
    group: "source",
    secret: true,
    requiredFor: everyRun,
    description:
      "Connection URL of the database to move: `postgres://user:password@host:port/database`. A direct connection, never a pooler.",
  },
  {
    name: "source-ca",
    group: "source",
    description: "The provider's CA certificates (PEM text). With it the server's certificate is verified.",
  },
  {
    name: "source-client-cert",
    group: "source",
    description: "Client certificate (PEM text) where the server demands one.",
  },
  {
    name: "source-client-key",
    group: "source",
    secret: true,
    description: "Private key (PEM text) of `source-client-cert`.",
  },
  {
    name: "provider",
    group: "source",
    values: ["auto", ...providers],
    default: "auto",
    description: "The source's provider; found from host and server when `auto`.",
  },
  { name: "exclude-schemas", group: "source", description: "Schemas to leave behind, separated by commas." },
  {
    name: "exclude-table-data",
    group: "source",
    description:
      "Tables (`schema.table`) whose rows are left behind, separated by commas. Their definitions still move.",
  },
  {
    name: "exclude-extensions",
    group: "source",
    description: "Extensions to leave behind, separated by commas, besides the provider's own agents.",
  },
  {
    name: "freeze-source",
    group: "source",
    values: ["off", "database", "database-and-sessions"],
    default: "off",
    description:
      "`database` makes new transactions of the source database read-only before the dump; `database-and-sessions` also ends the sessions that still run with the old value.",
  },

  {
    name: "heroku-api-key",
    group: "heroku",
    secret: true,
    requiredFor: everyRun,
    description: "A Heroku API token that may manage the app.",
  },
  {
    name: "heroku-app",
    group: "heroku",
    requiredFor: everyRun,
    description: "Name of the Heroku app that the target database is attached to.",
  },
  {
    name: "heroku-database",
    group: "heroku",
    default: "DATABASE_URL",
    description: "Which database of the app: an attachment or config var name, or an add-on's name.",
  },
  {
    name: "confirm",
    group: "heroku",
    requiredFor: ["migrate"],
    description: "Must equal `heroku-app` before anything on Heroku is overwritten.",
  },
  {
    name: "maintenance-mode",
    group: "heroku",
    values: yesNo,
    default: "true",
    description: "Put the app in maintenance mode during the migration, and back as it was afterwards.",
  },
  {
    name: "scale-down",
    group: "heroku",
    description:
      "Process types to scale to 0 during the migration, separated by commas, or `all`. Put back afterwards.",
  },
  {
    name: "safety-backup",
    group: "heroku",
    values: ["auto", "always", "never"],
    default: "auto",
    description:
      "Back the target up before it is overwritten: `auto` does it when the target holds tables and its plan has no rollback.",
  },
  {
    name: "promote",
    group: "heroku",
    values: yesNo,
    default: "false",
    description: "Make the target the app's DATABASE_URL once it is verified.",
  },
  {
    name: "cancel-transfer",
    group: "heroku",
    values: yesNo,
    default: "false",
    description:
      "Cancel a running Heroku transfer when this run is cancelled. That leaves a half-filled database; otherwise the next run adopts the transfer.",
  },

  {
    name: "bucket",
    group: "bucket",
    requiredFor: withBucket,
    description: "Name of the S3-compatible bucket that carries the archive.",
  },
  {
    name: "bucket-prefix",
    group: "bucket",
    default: "migrate-to-heroku-postgres/",
    description: "Key prefix in the bucket.",
  },
  {
    name: "s3-endpoint",
    group: "bucket",
    description: "Endpoint of an S3-compatible store other than AWS, e.g. `https://nyc3.digitaloceanspaces.com`.",
  },
  { name: "s3-region", group: "bucket", default: "us-east-1", description: "The bucket's region." },
  {
    name: "s3-access-key-id",
    group: "bucket",
    secret: true,
    description: "Access key of the bucket; without it the AWS SDK's own credential chain (OIDC included) is used.",
  },
  { name: "s3-secret-access-key", group: "bucket", secret: true, description: "Secret of `s3-access-key-id`." },
  { name: "s3-session-token", group: "bucket", secret: true, description: "Session token of temporary credentials." },
  {
    name: "s3-addressing",
    group: "bucket",
    values: ["auto", "path", "virtual-host"],
    default: "auto",
    description: "Where the bucket's name goes in URLs.",
  },
  {
    name: "keep-archive",
    group: "bucket",
    values: yesNo,
    default: "false",
    description: "Keep the archive in the bucket after a verified migration.",
  },

  {
    name: "dump-engine",
    group: "work",
    values: ["auto", "parallel", "pg_dump"],
    default: "auto",
    description:
      "`parallel` reads with several connections; `pg_dump` streams plain pg_dump; `auto` is parallel wherever the archive's version is known.",
  },
  {
    name: "jobs",
    group: "work",
    default: "auto",
    description: "Parallel readers: a number, or `auto` from the runner's cores and the server's free connections.",
  },
  {
    name: "compression",
    group: "work",
    values: ["gzip", "zstd", "none"],
    default: "gzip",
    description:
      "Compression inside the archive. Every Heroku restore reads gzip; zstd is for those who know that their reader does.",
  },
  {
    name: "compression-level",
    group: "work",
    default: "auto",
    description: "1 (fast) to 9 (small) for gzip, 1 to 19 for zstd, or `auto`.",
  },
  {
    name: "archive-proof",
    group: "work",
    values: ["full", "quick"],
    default: "full",
    description:
      "`full` reads the archive back and inflates every block before Heroku is told of it; `quick` checks header, contents, length and checksum.",
  },
  {
    name: "restore-strategy",
    group: "work",
    values: ["heroku"],
    default: "heroku",
    description: "How the archive gets into the target: Heroku's own restore from a presigned URL.",
  },
  {
    name: "verify",
    group: "work",
    values: ["full", "counts", "schema", "off"],
    default: "full",
    description:
      "What is compared after the restore: definitions and content of every table, exact row counts, definitions alone, or nothing. The last two end as unverified.",
  },
  {
    name: "accept",
    group: "work",
    description: "Codes of findings that you have read and accept, separated by commas. Each becomes a warning.",
  },
  {
    name: "data-probes",
    group: "work",
    values: yesNo,
    default: "false",
    description:
      "Let the gate look for orphan rows behind unvalidated foreign keys and for duplicates behind damaged unique indexes (time-boxed, reads tables).",
  },
  {
    name: "deadline-minutes",
    group: "work",
    default: "330",
    description: "Our own deadline, shorter than the job's, so that there is time left to put things back.",
  },
  {
    name: "stall-minutes",
    group: "work",
    default: "10",
    description: "A stage without progress for this long is diagnosed and failed.",
  },
  {
    name: "gate-max-age-hours",
    group: "work",
    default: "72",
    description: "How old the gate's result may be when the migrate job starts.",
  },
  {
    name: "postgres-client-dir",
    group: "work",
    description: "Folder that holds `<major>/bin/pg_dump`, besides the usual places.",
  },
  {
    name: "install-client",
    group: "work",
    values: yesNo,
    default: "true",
    description: "Install a missing PostgreSQL client with apt where that is allowed.",
  },

  {
    name: "artifacts",
    group: "output",
    values: yesNo,
    default: "true",
    description: "Upload the evidence as workflow artifacts.",
  },
  {
    name: "artifact-retention-days",
    group: "output",
    description: "How long GitHub keeps the artifacts; the repository's default when empty.",
  },
  {
    name: "show-identifiers",
    group: "output",
    values: ["auto", "true", "false"],
    default: "auto",
    description:
      "Whether hosts, addresses, users and role names appear in artifacts and summaries; `auto` hides them in a public repository.",
  },
  {
    name: "output-dir",
    group: "output",
    description: "Folder for the evidence; a folder under the runner's temporary directory when empty.",
  },

  {
    name: "heroku-api-url",
    group: "tests",
    default: "https://api.heroku.com",
    description: "Base URL of Heroku's Platform API. For tests.",
  },
  {
    name: "heroku-data-url",
    group: "tests",
    default: "https://api.data.heroku.com",
    description: "Base URL of Heroku's Data API. For tests.",
  },
];

/** Inputs of an earlier version and what to write instead. */
export const renamedInputs: Readonly<Record<string, string>> = {};
