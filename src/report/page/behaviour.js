// What the page gains where scripts run: sorting, searching, copying, unfolding for print. These functions run in the reader's
// browser: the page holds their text, so they may use each other and the browser, and nothing else from this file or another.
// JavaScript and not TypeScript, because the compiler's library here is Node's. The page reads without all of it.

function keyOf(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

/** One collator for all comparisons: making one for each takes seconds over 5,000 rows. */
function keyComparison() {
  const collator = new Intl.Collator("en", { numeric: true });
  return (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
}

function wordCount(count) {
  return count.toLocaleString("en");
}

/** Shows the rows that match, the first hundred of them until all are asked for. */
function showRows(state) {
  const wanted = state.input === null ? "" : state.input.value.trim().toLowerCase();
  state.texts ??= new Map(state.rows.map((row) => [row, row.textContent.toLowerCase()]));
  state.found = 0;
  for (const row of state.rows) {
    const matches = wanted === "" || state.texts.get(row).includes(wanted);
    if (matches) state.found += 1;
    row.toggleAttribute("data-beyond", !matches || (!state.showsAll && state.found > state.first));
  }
  tellCount(state, wanted);
}

function tellCount(state, wanted) {
  const { found, more, status } = state;
  const shown = state.showsAll ? found : Math.min(state.first, found);
  if (more !== null) {
    more.hidden = shown === found;
    more.textContent = `Show all ${wordCount(found)}`;
  }
  if (status === null) return;
  const { noun } = status.dataset;
  const amount = wanted === "" ? wordCount(found) : `${wordCount(found)} of ${wordCount(state.rows.length)}`;
  status.textContent = shown < found ? `${amount} ${noun}, the first ${wordCount(shown)} shown` : `${amount} ${noun}`;
}

/** Numbers start with the largest, words with A; a second press turns the order round. */
function sortRows(state, header, column) {
  const before = header.getAttribute("aria-sort");
  const descending = before === null ? header.classList.contains("number") : before === "ascending";
  for (const other of state.headers) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const keyed = state.rows.map((row) => ({ row, key: keyOf(row, column) }));
  const compare = keyComparison();
  keyed.sort((a, b) => (descending ? compare(b.key, a.key) : compare(a.key, b.key)));
  state.rows = keyed.map(({ row }) => row);
  showRows(state);
  state.body.replaceChildren(...state.rows);
}

function addSortButton(state, header, column) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sort";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => sortRows(state, header, column));
}

function enliven(box) {
  const table = box.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const state = {
    rows,
    body: table.tBodies[0],
    headers: [...table.tHead.rows[0].cells],
    input: box.querySelector(".search input"),
    status: box.querySelector(".search [role=status]"),
    more: box.querySelector(".more"),
    first: Number(box.dataset.first),
    found: rows.length,
    showsAll: false,
    texts: undefined,
  };
  if (rows.length <= 3) return;
  for (const [column, header] of state.headers.entries()) addSortButton(state, header, column);
  if (state.input !== null && rows.length > 10) {
    box.querySelector(".search").hidden = false;
    state.input.addEventListener("input", () => showRows(state));
  }
  state.more?.addEventListener("click", () => {
    state.showsAll = true;
    showRows(state);
  });
  tellCount(state, "");
}

function enableCopy(button) {
  const code = button.parentElement.querySelector("code");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
}

/** On paper nothing can be unfolded. A log of thousands of lines stays a file. */
function unfoldForPrint() {
  const log = document.querySelector(".log");
  const longLog = log !== null && log.textContent.length > 30_000 ? log : null;
  for (const part of document.querySelectorAll("details:not([open])")) {
    if (longLog !== null && (part.contains(longLog) || longLog.contains(part))) continue;
    part.dataset.folded = "";
    part.open = true;
  }
}

function foldAfterPrint() {
  for (const part of document.querySelectorAll("details[data-folded]")) {
    delete part.dataset.folded;
    part.open = false;
  }
}

function start() {
  document.documentElement.classList.add("js");
  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll(".data")) enliven(box);
    for (const button of document.querySelectorAll("button.copy")) enableCopy(button);
  });
  addEventListener("beforeprint", unfoldForPrint);
  addEventListener("afterprint", foldAfterPrint);
}

const parts = [
  keyOf,
  keyComparison,
  wordCount,
  showRows,
  tellCount,
  sortRows,
  addSortButton,
  enliven,
  enableCopy,
  unfoldForPrint,
  foldAfterPrint,
];

export const pageScript = `(() => {\n${parts.map(String).join("\n")}\n(${String(start)})();\n})();`;
