export const tableStyles = `
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); margin: 0 0 12px; }
.data { margin: 0 0 16px; }
.data .scroll { margin: 0; }
@media (min-width: 641px) { .data .scroll { max-height: min(78vh, 760px); overflow: auto; } }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding: 10px 12px 4px; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px; border-bottom: 1px solid var(--line); font-weight: 400; }
.plain { width: fit-content; max-width: 100%; }
.plain table { width: auto; min-width: 320px; }
.plain caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); padding: 0; }
.plain th, .plain td { padding-right: 34px; }
table code { overflow-wrap: break-word; }
td, tbody th { max-width: 46ch; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-size: 13px; font-weight: 560; white-space: nowrap; }
.data thead th { position: sticky; top: 0; background: var(--panel); z-index: 1; box-shadow: inset 0 -1px 0 var(--line); border-bottom: 0; }
tbody th { min-width: 130px; }
@media (min-width: 1001px) { .data tbody th { min-width: 180px; } }
td { min-width: 64px; }
tbody tr:hover > * { background: var(--sunken); }
.number { text-align: right; white-space: nowrap; }
th.number .sort { flex-direction: row-reverse; }
.sort { display: inline-flex; gap: 6px; align-items: baseline; font-weight: 560; color: inherit; }
.sort:hover, [aria-sort] .sort, [aria-sort] .label { color: var(--text); }
.sort::after { content: "\\2195"; font-size: 11px; opacity: 0.55; }
[aria-sort="ascending"] .sort::after { content: "\\2191"; opacity: 1; }
[aria-sort="descending"] .sort::after { content: "\\2193"; opacity: 1; }
.size { display: inline-block; width: 60px; height: 7px; margin-right: 10px; transform: scaleX(-1); }
.size rect { fill: var(--accent); opacity: 0.55; }
.search { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; margin-bottom: 10px; font-size: 14px; }
.search input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--muted); border-radius: 6px; padding: 5px 10px; width: 240px; max-width: 100%; }
.search p { margin: 0; color: var(--muted); font-size: 13px; }
.js [data-beyond] { display: none; }
@media (max-width: 640px) {
  th, td { padding: 6px 10px; }
  .plain th, .plain td { padding-right: 10px; }
  .plain table { min-width: 0; }
  .data tbody th { position: sticky; left: 0; background: var(--panel); max-width: 46vw; box-shadow: inset -1px 0 0 var(--line); }
  .size { display: none; }
  td { min-width: 0; }
}
`;
