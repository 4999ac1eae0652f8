import type { DatabaseUrl } from "../postgres/database-url.ts";
import type { Secret } from "../secret.ts";
import type { Command, Provider } from "./definitions.ts";

export interface HerokuInputs {
  apiKey: Secret;
  app: string;
  database: string;
  confirm: string;
  maintenanceMode: boolean;
  /** Process types, or `all`. */
  scaleDown: readonly string[] | "all";
  safetyBackup: "auto" | "always" | "never";
  promote: boolean;
  cancelTransfer: boolean;
  apiUrl: string;
  dataUrl: string;
}

export interface BucketInputs {
  bucket: string;
  /** Ends with a slash, or is empty. */
  prefix: string;
  endpoint: string | undefined;
  region: string;
  /** Absent: the SDK's own credential chain. */
  credentials: { accessKeyId: Secret; secretAccessKey: Secret; sessionToken?: Secret } | undefined;
  addressing: "auto" | "path" | "virtual-host";
  keepArchive: boolean;
}

export interface TableName {
  schema: string;
  table: string;
}

/** What the user asked for, checked once; nothing after `parseInputs` checks it again. */
export interface Inputs {
  command: Command;
  source: DatabaseUrl;
  provider: Provider | "auto";
  excludeSchemas: readonly string[];
  excludeTableData: readonly TableName[];
  excludeExtensions: readonly string[];
  freezeSource: "off" | "database" | "database-and-sessions";
  heroku: HerokuInputs;
  bucket: BucketInputs;
  dumpEngine: "auto" | "parallel" | "pg_dump";
  jobs: number | "auto";
  compression: "gzip" | "zstd" | "none";
  compressionLevel: number | "auto";
  archiveProof: "full" | "quick";
  verify: "full" | "counts" | "schema" | "off";
  /** Finding codes, upper case. */
  accept: readonly string[];
  dataProbes: boolean;
  deadlineMinutes: number;
  stallMinutes: number;
  gateMaxAgeHours: number;
  postgresClientDir: string | undefined;
  installClient: boolean;
  artifacts: boolean;
  artifactRetentionDays: number | undefined;
  showIdentifiers: boolean | "auto";
  outputDir: string | undefined;
}

/** Text as it came, by input name. Not to be trusted until parsed. */
export type RawInputs = Readonly<Record<string, string | undefined>>;
