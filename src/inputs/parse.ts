import { DatabaseUrl, parseDatabaseUrl } from "../postgres/database-url.ts";
import type { TlsFiles } from "../postgres/database-url.ts";
import { Secret } from "../secret.ts";
import type { Command } from "./definitions.ts";
import { InputReader } from "./input-reader.ts";
import type { BucketInputs, HerokuInputs, Inputs, RawInputs, TableName } from "./inputs.ts";

/**
 * Turns text into `Inputs`, or reports every mistake at once.
 *
 * @throws InputsError with one line per mistake, each naming its input and never repeating a secret
 */
export function parseInputs(raw: RawInputs): Inputs {
  const reader = new InputReader(raw);
  reader.refuseUnknownNames();
  const command = reader.choice<Command>("command");
  reader.requireFor(command);
  const inputs: Inputs = {
    command,
    source: readSource(reader, command),
    provider: reader.choice("provider"),
    excludeSchemas: reader.list("exclude-schemas"),
    excludeTableData: reader.list("exclude-table-data").map((name) => readTableName(reader, name)),
    excludeExtensions: reader.list("exclude-extensions"),
    freezeSource: reader.choice("freeze-source"),
    heroku: readHeroku(reader, command),
    bucket: readBucket(reader),
    dumpEngine: reader.choice("dump-engine"),
    jobs: reader.integerOrAuto("jobs", 1, 64),
    compression: reader.choice("compression"),
    compressionLevel: reader.integerOrAuto("compression-level", 1, 19),
    archiveProof: reader.choice("archive-proof"),
    verify: reader.choice("verify"),
    accept: reader.list("accept").map((code) => readCode(reader, code)),
    dataProbes: reader.flag("data-probes"),
    deadlineMinutes: reader.integer("deadline-minutes", 5, 7200),
    stallMinutes: reader.number("stall-minutes", 0.05, 600),
    gateMaxAgeHours: reader.integer("gate-max-age-hours", 1, 8760),
    postgresClientDir: reader.optional("postgres-client-dir"),
    installClient: reader.flag("install-client"),
    artifacts: reader.flag("artifacts"),
    artifactRetentionDays: reader.optionalInteger("artifact-retention-days", 1, 400),
    showIdentifiers: reader.text("show-identifiers") === "auto" ? "auto" : reader.flag("show-identifiers"),
    outputDir: reader.optional("output-dir"),
  };
  refuseImpossiblePairs(inputs, reader);
  reader.throwIfWrong();
  return inputs;
}

function readSource(reader: InputReader, command: Command): DatabaseUrl {
  const ca = reader.pem("source-ca", "CERTIFICATE");
  const clientCertificate = reader.pem("source-client-cert", "CERTIFICATE");
  const clientKey = reader.pem("source-client-key", "PRIVATE KEY");
  const tls: TlsFiles = {
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey: new Secret(clientKey) }),
  };
  if ((clientCertificate === undefined) !== (clientKey === undefined))
    reader.problem("source-client-cert and source-client-key go together: give both or neither");
  const text = reader.text("source-database-url");
  if (text === "" || command === "cleanup") {
    if (text === "") return placeholderUrl;
  }
  return reader.attempt(() => parseDatabaseUrl(text, "source-database-url", tls)) ?? placeholderUrl;
}

/** Stands where no URL was given to a command that needs none, or where it was wrong and the run will not start. */
const placeholderUrl = new DatabaseUrl({
  host: "",
  port: 5432,
  user: "",
  password: new Secret(""),
  database: "",
  sslMode: "require",
  tls: {},
});

/** Heroku's rule for app names: lower-case letters, digits and dashes, starting with a letter. An app's id works too. */
const appNamePattern = /^[a-z][a-z0-9-]{1,61}[a-z0-9]$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

function readHeroku(reader: InputReader, command: Command): HerokuInputs {
  const app = reader.text("heroku-app");
  const confirm = reader.text("confirm");
  if (app !== "" && !appNamePattern.test(app))
    reader.problem("heroku-app is not an app's name (lower-case letters, digits and dashes)");
  if (command === "migrate" && confirm !== "" && confirm !== app) {
    reader.problem(
      "confirm does not equal heroku-app; write the app's name there to allow its database to be overwritten",
    );
  }
  const scaleDown = reader.list("scale-down");
  return {
    apiKey: new Secret(reader.text("heroku-api-key")),
    app,
    database: reader.text("heroku-database"),
    confirm,
    maintenanceMode: reader.flag("maintenance-mode"),
    scaleDown: scaleDown.length === 1 && scaleDown[0] === "all" ? "all" : scaleDown,
    safetyBackup: reader.choice("safety-backup"),
    promote: reader.flag("promote"),
    cancelTransfer: reader.flag("cancel-transfer"),
    apiUrl: reader.url("heroku-api-url"),
    dataUrl: reader.url("heroku-data-url"),
  };
}

function readBucket(reader: InputReader): BucketInputs {
  const accessKeyId = reader.text("s3-access-key-id");
  const secretAccessKey = reader.text("s3-secret-access-key");
  const sessionToken = reader.text("s3-session-token");
  if ((accessKeyId === "") !== (secretAccessKey === ""))
    reader.problem("s3-access-key-id and s3-secret-access-key go together: give both or neither");
  if (sessionToken !== "" && accessKeyId === "")
    reader.problem("s3-session-token needs s3-access-key-id and s3-secret-access-key");
  const prefix = reader.text("bucket-prefix").replace(/^\/+/u, "");
  return {
    bucket: reader.text("bucket"),
    prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
    endpoint: reader.optional("s3-endpoint") === undefined ? undefined : reader.url("s3-endpoint"),
    region: reader.text("s3-region"),
    credentials:
      accessKeyId === ""
        ? undefined
        : {
            accessKeyId: new Secret(accessKeyId),
            secretAccessKey: new Secret(secretAccessKey),
            ...(sessionToken === "" ? {} : { sessionToken: new Secret(sessionToken) }),
          },
    addressing: reader.choice("s3-addressing"),
    keepArchive: reader.flag("keep-archive"),
  };
}

function readTableName(reader: InputReader, text: string): TableName {
  const [schema, table, ...rest] = text.split(".");
  if (schema === undefined || table === undefined || rest.length > 0 || schema === "" || table === "") {
    reader.problem(`exclude-table-data has an item that is not schema.table: ${JSON.stringify(text)}`);
  }
  return { schema: schema ?? "", table: table ?? "" };
}

function readCode(reader: InputReader, text: string): string {
  if (!/^[A-Z][A-Z0-9_]+$/u.test(text))
    reader.problem(
      `accept has an item that is not a finding's code: ${JSON.stringify(text)}; codes look like EXTENSION_NOT_OFFERED`,
    );
  return text;
}

function refuseImpossiblePairs(inputs: Inputs, reader: InputReader): void {
  if (inputs.compression !== "zstd" && typeof inputs.compressionLevel === "number" && inputs.compressionLevel > 9) {
    reader.problem("compression-level is at most 9 for gzip");
  }
  if (inputs.heroku.promote && inputs.verify === "off")
    reader.problem("promote needs verify: a database that nobody compared is not promoted");
}
