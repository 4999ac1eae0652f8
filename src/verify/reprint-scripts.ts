import { qualifiedName, quoteIdentifier } from "../postgres/session.ts";
import type { CatalogObject } from "./fingerprint-model.ts";

/** Makes something temporary of a text, and reads how the server prints it. */
export interface ReprintScript {
  make: string;
  read: string;
}

/** Undefined where the text is not as expected: it must never be run as it is, on the table itself. */
type Script = (object: CatalogObject, text: string, context: ReprintContext) => ReprintScript | undefined;

export interface ReprintContext {
  /** Of a domain, by the schema and the name that a constraint of it has as its table; undefined for a table. */
  findBaseType: (schema: string | null, name: string) => string | undefined;
}

const identifier = String.raw`(?:"(?:[^"]|"")+"|[^\s".()]+)`;
const relation = String.raw`${identifier}\.${identifier}`;
const indexHead = new RegExp(String.raw`^(CREATE (?:UNIQUE )?INDEX ${identifier} ON )(?:ONLY )?${relation}`, "u");
const triggerHead = new RegExp(String.raw` ON ${relation} `, "u");
const ruleHead = new RegExp(String.raw` TO ${relation}`, "u");
const statisticsHead = new RegExp(String.raw`^(CREATE STATISTICS )${relation}`, "u");
const statisticsEnd = new RegExp(String.raw` FROM ${relation}$`, "u");

/** A temporary table of the same name and columns: an expression may name both. */
function withTable({ schema, table, name }: CatalogObject): { create: string; temporary: string } {
  const own = table ?? name;
  const create = `create temporary table ${quoteIdentifier(own)} (like ${qualifiedName(schema ?? "", own)})`;
  return { create, temporary: `pg_temp.${quoteIdentifier(own)}` };
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const constraintText: Script = (object, text, { findBaseType }) => {
  const baseType = findBaseType(object.schema, object.table ?? "");
  if (baseType !== undefined) {
    return {
      make: `create domain pg_temp.reprinted as ${baseType}; alter domain pg_temp.reprinted add constraint reprinted ${text}`,
      read: `select pg_get_constraintdef(oid) from pg_constraint where contypid = 'pg_temp.reprinted'::regtype`,
    };
  }
  const { create, temporary } = withTable(object);
  return {
    make: `${create}; alter table ${temporary} add constraint reprinted ${text}`,
    read: `select pg_get_constraintdef(oid) from pg_constraint where conname = 'reprinted' and conrelid = ${literal(temporary)}::regclass`,
  };
};

/** Any expression over a table's columns, defaults included, may stand in a check. */
const expressionText: Script = (object, text, context) =>
  constraintText(object, `check ((${text}) is not null)`, context);

const indexText: Script = (object, text) => {
  const { create, temporary } = withTable(object);
  if (!indexHead.test(text)) return undefined;
  return {
    make: `${create}; ${text.replace(indexHead, (_all, head: string) => `${head}${temporary}`)}`,
    read: `select pg_get_indexdef(indexrelid) from pg_index where indrelid = ${literal(temporary)}::regclass`,
  };
};

const triggerText: Script = (object, text) => {
  const { create, temporary } = withTable(object);
  if (!triggerHead.test(text)) return undefined;
  return {
    make: `${create}; ${text.replace(triggerHead, () => ` ON ${temporary} `)}`,
    read: `select pg_get_triggerdef(oid) from pg_trigger where tgrelid = ${literal(temporary)}::regclass`,
  };
};

const ruleText: Script = (object, text) => {
  const { create, temporary } = withTable(object);
  if (!ruleHead.test(text)) return undefined;
  return {
    make: `${create}; ${text.replace(ruleHead, () => ` TO ${temporary}`)}`,
    read: `select pg_get_ruledef(oid) from pg_rewrite where ev_class = ${literal(temporary)}::regclass`,
  };
};

function policyText(clause: string, column: string): Script {
  return (object, text) => {
    const { create, temporary } = withTable(object);
    return {
      make: `${create}; create policy reprinted on ${temporary} ${clause} (${text})`,
      read: `select pg_get_expr(${column}, polrelid) from pg_policy where polrelid = ${literal(temporary)}::regclass`,
    };
  };
}

const statisticsText: Script = (_object, text) => {
  const of = statisticsEnd.exec(text)?.[0].slice(" FROM ".length);
  if (of === undefined || !statisticsHead.test(text)) return undefined;
  const made = text
    .replace(statisticsHead, "$1 pg_temp.reprinted")
    .replace(statisticsEnd, " FROM pg_temp.reprinted_table");
  return {
    make: `create temporary table reprinted_table (like ${of}); ${made}`,
    read: "select pg_get_statisticsobjdef(oid) from pg_statistic_ext where stxname = 'reprinted' and stxrelid = 'pg_temp.reprinted_table'::regclass",
  };
};

const viewText: Script = (_object, text) => ({
  make: `create temporary view reprinted as ${text}`,
  read: "select pg_get_viewdef('pg_temp.reprinted'::regclass)",
});

const partitionKeyText: Script = (object, text) => {
  const { create, temporary } = withTable(object);
  return { make: `${create} partition by ${text}`, read: `select pg_get_partkeydef(${literal(temporary)}::regclass)` };
};

const domainDefaultText: Script = ({ facts }, text) => ({
  make: `create domain pg_temp.reprinted as ${facts["base type"] ?? ""} default ${text}`,
  read: "select pg_get_expr(typdefaultbin, 0) from pg_type where oid = 'pg_temp.reprinted'::regtype",
});

/** Under its own name, by which a body may call its parameters. */
function functionText(
  body: (text: string) => string,
  argumentsOf: (object: CatalogObject, text: string) => string,
  print: string,
): Script {
  return (object, text) => {
    const name = object.name.slice(0, object.name.indexOf("("));
    const returns = object.object === "PROCEDURE" ? "" : ` returns ${object.facts["result"] ?? "void"}`;
    return {
      make: `create ${object.object} pg_temp.${quoteIdentifier(name)}(${argumentsOf(object, text)})${returns} ${body(text)}`,
      read: `select ${print}(oid) from pg_proc where pronamespace = pg_my_temp_schema() and proname = ${literal(name)}`,
    };
  };
}

const argumentsText = functionText(
  () => "language plpgsql as 'begin end'",
  (_object, text) => text,
  "pg_get_function_arguments",
);
const bodyText = functionText(
  (text) => `language sql ${text}`,
  ({ facts }) => facts["arguments"] ?? "",
  "pg_get_function_sqlbody",
);

/** The facts that hold an expression, by class and fact. */
export const reprintScripts: Readonly<Record<string, Script>> = {
  "CONSTRAINT.definition": constraintText,
  "COLUMN.default": expressionText,
  "INDEX.definition": indexText,
  "TRIGGER.definition": triggerText,
  "RULE.definition": ruleText,
  "POLICY.using": policyText("using", "polqual"),
  "POLICY.with check": policyText("for insert with check", "polwithcheck"),
  "STATISTICS.definition": statisticsText,
  "VIEW.definition": viewText,
  "MATERIALIZED VIEW.definition": viewText,
  "TABLE.partition key": partitionKeyText,
  "DOMAIN.default": domainDefaultText,
  "FUNCTION.arguments": argumentsText,
  "PROCEDURE.arguments": argumentsText,
  "FUNCTION.SQL body": bodyText,
  "PROCEDURE.SQL body": bodyText,
};
