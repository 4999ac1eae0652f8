import { InputsError, MigrationError } from "../errors.ts";
import { DatabaseUrl, isLoopback, parseDatabaseUrl } from "../postgres/database-url.ts";
import type { TlsFiles } from "../postgres/database-url.ts";
import { Secret } from "../secret.ts";
import { type Command, type InputDefinition, inputDefinitions, renamedInputs } from "./definitions.ts";
import type { BucketInputs, HerokuInputs, Inputs, RawInputs, TableName } from "./inputs.ts";
import { closestName } from "./closest-name.ts";

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

class InputReader {
  readonly #raw: RawInputs;
  readonly #problems: string[] = [];

  constructor(raw: RawInputs) {
    this.#raw = raw;
  }

  problem(sentence: string): void {
    this.#problems.push(sentence);
  }

  throwIfWrong(): void {
    if (this.#problems.length > 0) throw new InputsError(this.#problems);
  }

  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      this.problem(`${error.message} ${error.hint ?? ""}`.trim());
      return undefined;
    }
  }

  refuseUnknownNames(): void {
    const known = inputDefinitions.map((input) => input.name);
    for (const name of Object.keys(this.#raw)) {
      if (known.includes(name)) continue;
      const renamed = renamedInputs[name];
      const likely = closestName(name, known);
      const shown = JSON.stringify(name.slice(0, 60));
      if (renamed !== undefined) this.problem(`${shown} is now called ${renamed}`);
      else this.problem(`${shown} is not an input${likely === undefined ? "" : `; did you mean ${likely}?`}`);
    }
  }

  requireFor(command: Command): void {
    for (const input of inputDefinitions) {
      const isMissing = input.requiredFor?.includes(command) === true && this.text(input.name) === "";
      if (isMissing) this.problem(`${input.name} is missing: ${plainSentence(input.description)}`);
    }
  }

  /** Trimmed, with the default in place of an empty text. */
  text(name: string): string {
    const given = (this.#raw[name] ?? "").trim();
    return given === "" ? (definitionOf(name).default ?? "") : given;
  }

  optional(name: string): string | undefined {
    const text = this.text(name);
    return text === "" ? undefined : text;
  }

  choice<Value extends string>(name: string): Value {
    const text = this.text(name);
    const values = definitionOf(name).values ?? [];
    if (values.includes(text)) return text as Value;
    this.problem(`${name} is ${JSON.stringify(text.slice(0, 40))}, not one of ${values.join(", ")}`);
    return definitionOf(name).default as Value;
  }

  flag(name: string): boolean {
    const text = this.text(name).toLowerCase();
    if (text !== "true" && text !== "false")
      this.problem(`${name} is ${JSON.stringify(text.slice(0, 40))}, not true or false`);
    return text === "true";
  }

  list(name: string): string[] {
    return this.text(name)
      .split(/[,\n]/u)
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  number(name: string, min: number, max: number): number {
    const value = Number(this.text(name));
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    this.problem(`${name} is not a number from ${min} to ${max}`);
    return min;
  }

  integer(name: string, min: number, max: number): number {
    const value = this.number(name, min, max);
    if (!Number.isInteger(value)) this.problem(`${name} is not a whole number`);
    return value;
  }

  integerOrAuto(name: string, min: number, max: number): number | "auto" {
    return this.text(name) === "auto" ? "auto" : this.integer(name, min, max);
  }

  optionalInteger(name: string, min: number, max: number): number | undefined {
    return this.text(name) === "" ? undefined : this.integer(name, min, max);
  }

  pem(name: string, kind: string): string | undefined {
    const text = this.optional(name);
    if (text !== undefined && !new RegExp(`-----BEGIN [A-Z ]*${kind}-----`, "u").test(text)) {
      this.problem(`${name} is not PEM text with a BEGIN ${kind} line; give the file's content, not its path`);
    }
    return text === undefined ? undefined : `${text}\n`;
  }

  /** `https`, or `http` on loopback; without credentials, query or trailing slash. */
  url(name: string): string {
    const parsed = URL.parse(this.text(name));
    const isAllowed = parsed?.protocol === "https:" || (parsed?.protocol === "http:" && isLoopback(parsed.hostname));
    if (!parsed || !isAllowed || parsed.username !== "" || parsed.search !== "") {
      this.problem(`${name} is not an https:// URL without credentials and query`);
      return "";
    }
    return parsed.href.replace(/\/$/u, "");
  }
}

function definitionOf(name: string): InputDefinition {
  const found = inputDefinitions.find((input) => input.name === name);
  if (found === undefined) throw new Error(`no input is called ${name}`);
  return found;
}

function plainSentence(markdown: string): string {
  const [first = ""] = markdown.replaceAll("`", "").split(/(?<=\.)\s/u);
  return first.charAt(0).toLowerCase() + first.slice(1);
}
