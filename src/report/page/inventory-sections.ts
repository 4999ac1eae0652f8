import { h } from "preact";
import { formatBytes, formatCount, plural } from "../../format.ts";
import type { ArtifactRecord, ExtensionRow, Loss, Report, SettingDifference } from "../../report.ts";
import { isPlainUrl } from "../markdown.ts";
import { dataTable, plainTable } from "./data-table.ts";
import { type Content, copyable, folded, name, type PageSection, prose } from "./element.ts";

const actionWords: Readonly<Record<ExtensionRow["action"], [string, string]>> = {
  create: ["created", "good"],
  keep: ["kept", "good"],
  "leave-out": ["left out", ""],
  blocked: ["blocks", "bad"],
};

export function extensionsSection({ extensions = [] }: Report): PageSection | undefined {
  if (extensions.length === 0) return undefined;
  return {
    id: "extensions",
    title: "Extensions",
    content: dataTable<ExtensionRow>({
      id: "extensions-table",
      caption: "Extensions of the source and what happens to each",
      rows: extensions,
      columns: [
        { label: "extension", cell: (row) => name(row.name) },
        { label: "source", cell: (row) => prose(row.sourceVersion ?? "–") },
        { label: "Heroku", cell: (row) => prose(row.targetVersion ?? "not offered") },
        {
          label: "what happens",
          cell: ({ action }) => h("span", { class: `status ${actionWords[action][1]}` }, actionWords[action][0]),
        },
        { label: "why", cell: ({ note }) => prose(note) },
        { label: "used by", cell: ({ dependants }) => listNames(dependants) },
      ],
    }),
  };
}

const firstNames = 6;

function listNames(names: readonly string[]): Content {
  const shown = names.slice(0, firstNames).flatMap((one, index) => (index === 0 ? [name(one)] : [", ", name(one)]));
  return names.length > firstNames ? [...shown, ` and ${formatCount(names.length - firstNames)} more`] : shown;
}

const settingWords: Readonly<Record<SettingDifference["verdict"], [string, string]>> = {
  "changes-behaviour": ["changes behaviour", "attention"],
  "cannot-be-set": ["cannot be set", ""],
  harmless: ["harmless", ""],
  same: ["same", "good"],
};

const settingOrder = ["changes-behaviour", "cannot-be-set", "harmless", "same"] as const;

export function settingsSection({ settingsDiff = [] }: Report): PageSection | undefined {
  if (settingsDiff.length === 0) return undefined;
  const rows = settingsDiff.toSorted((a, b) => settingOrder.indexOf(a.verdict) - settingOrder.indexOf(b.verdict));
  return {
    id: "settings",
    title: "Settings that differ",
    content: dataTable<SettingDifference>({
      id: "settings-table",
      caption: plural(rows.length, "setting"),
      searched: "settings",
      elsewhere: "settings-diff.csv",
      rows,
      columns: [
        { label: "setting", cell: (row) => name(row.name) },
        { label: "source", cell: ({ source }) => (source === null ? "–" : name(source)) },
        { label: "Heroku", cell: ({ target }) => (target === null ? "–" : name(target)) },
        {
          label: "verdict",
          cell: ({ verdict }) => h("span", { class: `status ${settingWords[verdict][1]}` }, settingWords[verdict][0]),
        },
        { label: "what it means", cell: ({ note }) => prose(note) },
      ],
    }),
  };
}

export function connectionsSection({ connections = [], configVars = [] }: Report): PageSection | undefined {
  if (connections.length === 0 && configVars.length === 0) return undefined;
  const table = dataTable({
    id: "connections-table",
    caption: "Who was connected to the source",
    rows: connections,
    elsewhere: "connections.csv",
    columns: [
      { label: "application", cell: ({ application }) => (application === "" ? "no name given" : name(application)) },
      { label: "user", cell: ({ user }) => name(user) },
      { label: "address", cell: ({ address }) => (address === "" ? "–" : name(address)) },
      { label: "connections", number: true, cell: ({ count }) => formatCount(count), value: ({ count }) => count },
      { label: "TLS", cell: ({ tls }) => (tls ? "yes" : h("span", { class: "status attention" }, "no")) },
      { label: "since (UTC)", cell: ({ since }) => since.slice(0, 16).replace("T", " ") },
    ],
  });
  return {
    id: "connections",
    title: "Connections to re-point",
    content: [connections.length === 0 ? null : table, configVarList(configVars)],
  };
}

function configVarList(configVars: NonNullable<Report["configVars"]>): Content {
  if (configVars.length === 0) return null;
  const rows = configVars.map(({ app, name: variable }) => [name(variable), name(app)]);
  return plainTable("Config vars that name the source's host", ["config var", "app"], rows);
}

export function lossesSection({ losses = [] }: Report): PageSection | undefined {
  if (losses.length === 0) return undefined;
  return {
    id: "losses",
    title: "What does not cross",
    lede: "Heroku's restore leaves owners and privileges behind, and so must an archive that it can read. losses.sql has the same as one script.",
    content: [...Map.groupBy(losses, ({ kind }) => kind)].map(([kind, group]) =>
      folded([h("strong", null, kind.replaceAll("-", " ")), `, ${formatCount(group.length)}`], lossList(group), {
        open: losses.length <= 20,
      }),
    ),
  };
}

const mostLosses = 500;

function lossList(losses: readonly Loss[]): Content {
  const items = losses.slice(0, mostLosses).map(({ description, sql, original, kind }) => {
    const statement = sql ?? original;
    const label = sql === undefined ? `original of a ${kind}, for the record` : `SQL to recreate a ${kind}`;
    const cannot =
      sql === undefined ? h("p", { class: "detail" }, "Heroku does not allow it; the original, for the record:") : null;
    return h(
      "li",
      null,
      h("p", null, prose(description)),
      statement === undefined ? null : [cannot, copyable(statement, label)],
    );
  });
  const left = losses.length - items.length;
  return h(
    "ul",
    { class: "losses" },
    items,
    left === 0 ? null : h("li", null, `And ${formatCount(left)} more, in losses.sql.`),
  );
}

export function editsSection({ edits = [] }: Report): PageSection | undefined {
  if (edits.length === 0) return undefined;
  return {
    id: "edits",
    title: "Edits to the archive",
    lede: "Entries of the table of contents that were left out or changed, so that the restore skips no error.",
    content: dataTable({
      id: "edits-table",
      caption: plural(edits.length, "edit"),
      rows: edits,
      columns: [
        { label: "entry", cell: ({ description }) => name(description) },
        { label: "edit", cell: ({ kind }) => (kind === "removed" ? "left out" : "tablespace cleared") },
        { label: "why", cell: ({ reason }) => prose(reason) },
      ],
    }),
  };
}

export function artifactsSection({ artifacts = [] }: Report): PageSection | undefined {
  if (artifacts.length === 0) return undefined;
  const rows = artifacts.map((artifact) => [
    fileName(artifact),
    prose(artifact.description),
    formatBytes(artifact.bytes),
  ]);
  return { id: "artifacts", title: "Files of this run", content: plainTable("Files", ["file", "holds", "size"], rows) };
}

function fileName({ file, url }: ArtifactRecord): Content {
  return url !== undefined && isPlainUrl(url) ? h("a", { href: url, rel: "noreferrer" }, name(file)) : name(file);
}
