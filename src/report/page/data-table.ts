import { h } from "preact";
import { formatCount } from "../../format.ts";
import { type Content } from "./element.ts";

export interface Column<Row> {
  label: string;
  /** Numbers stand at the right and are sorted by `value`. */
  number?: boolean;
  cell: (row: Row) => Content;
  /** What the column is sorted by, where it is not the text that is shown. */
  value?: (row: Row) => number;
}

export interface DataTable<Row> {
  id: string;
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** Index of the column by which the rows already are sorted, largest first. */
  sortedBy?: number;
  /** Named so in the search field: `tables`. Without it there is no search. */
  searched?: string;
  /** Where the rows are that the page leaves out. */
  elsewhere?: string;
}

/** More rows than this make the page slow to open, and nobody reads them there. */
const mostRows = 10_000;
/** What shows at once where the page's script runs; without it everything shows. */
const firstRows = 100;

/** A table that the page's script makes sortable by button and searchable, and that reads as a table without it. */
export function dataTable<Row>(table: DataTable<Row>): Content {
  const rows = table.rows.slice(0, mostRows);
  const left = table.rows.length - rows.length;
  return h(
    "div",
    { class: "data", "data-first": firstRows },
    table.searched === undefined ? null : searchField(table.id, table.searched, rows.length),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": `${table.id}-caption` },
      h(
        "table",
        { id: table.id },
        h("caption", { id: `${table.id}-caption` }, table.caption),
        h("thead", null, headerRow(table)),
        h(
          "tbody",
          null,
          rows.map((row, index) => bodyRow(table.columns, row, index)),
        ),
      ),
    ),
    rows.length > firstRows ? h("button", { type: "button", class: "more", hidden: true }, "") : null,
    left === 0
      ? null
      : h("p", { class: "note" }, `And ${formatCount(left)} more rows, in ${table.elsewhere ?? "the artifacts"}.`),
  );
}

function searchField(id: string, searched: string, count: number): Content {
  return h(
    "div",
    { class: "search", hidden: true },
    h("label", { for: `${id}-search` }, `Search ${searched}`),
    h("input", { id: `${id}-search`, type: "search", autocomplete: "off", spellcheck: false }),
    h("p", { role: "status", "data-noun": searched }, `${formatCount(count)} ${searched}`),
  );
}

function headerRow<Row>({ columns, sortedBy }: DataTable<Row>): Content {
  const cells = columns.map(({ label, number }, index) => {
    const sort = index === sortedBy ? { "aria-sort": "descending" as const } : {};
    return h(
      "th",
      { scope: "col", class: number === true ? "number" : undefined, ...sort },
      h("span", { class: "label" }, label),
    );
  });
  return h("tr", null, cells);
}

function bodyRow<Row>(columns: readonly Column<Row>[], row: Row, index: number): Content {
  const cells = columns.map(({ number, cell, value }, column) => {
    const attributes = { class: number === true ? "number" : undefined, "data-value": value?.(row) };
    return column === 0 ? h("th", { scope: "row", ...attributes }, cell(row)) : h("td", attributes, cell(row));
  });
  return h("tr", index >= firstRows ? { "data-beyond": "" } : null, cells);
}

/** A small table whose rows need neither sorting nor searching, as wide as its content. */
export function plainTable(caption: string, header: readonly string[], rows: readonly (readonly Content[])[]): Content {
  const headCells = header.map((label) => (label === "" ? h("td", null) : h("th", { scope: "col" }, label)));
  return h(
    "div",
    { class: "scroll plain", tabindex: 0, role: "group", "aria-label": caption },
    h(
      "table",
      null,
      h("caption", null, caption),
      header.some((label) => label !== "") ? h("thead", null, h("tr", null, headCells)) : null,
      h("tbody", null, rows.map(plainRow)),
    ),
  );
}

function plainRow([first, ...others]: readonly Content[]): Content {
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, first),
    others.map((cell) => h("td", null, cell)),
  );
}
