import { chartStyles } from "./styles-chart.ts";
import { tableStyles } from "./styles-table.ts";

const baseStyles = `
:root {
  color-scheme: light dark;
  --page: #f7f8fa; --panel: #ffffff; --sunken: #f0f2f5; --text: #1a1f26; --muted: #566170; --line: #dce1e7;
  --accent: #3a53c5; --accent-soft: #e4e8fa; --good: #17703a; --attention: #8a5a00; --bad: #be1e2d;
  --attention-soft: #fbefd6; --bad-soft: #fbe6e8; --window: #e9ecf9;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216; --panel: #161a20; --sunken: #1d232b; --text: #e4e8ee; --muted: #9aa5b3; --line: #2b323c;
    --accent: #8ea4ff; --accent-soft: #252e55; --good: #58c27d; --attention: #e0b050; --bad: #ff7b81;
    --attention-soft: #33280f; --bad-soft: #3b1a1e; --window: #1c2340;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { scroll-padding-top: 16px; text-size-adjust: 100%; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 var(--sans); }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: 0.9em; }
code { overflow-wrap: anywhere; }
p, ol, ul, dl, pre, figure { margin: 0 0 12px; }
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; }
.skip { position: absolute; left: -999px; top: 0; background: var(--panel); padding: 8px 16px; z-index: 3; }
.skip:focus { left: 8px; top: 8px; }
.masthead, .columns, footer { max-width: 1240px; margin: 0 auto; padding: 0 32px; }
.masthead { padding-top: 40px; padding-bottom: 28px; }
.eyebrow, .detail, .note { color: var(--muted); font-size: 13px; }
.eyebrow { margin-bottom: 10px; }
h1 { font-size: 30px; font-weight: 680; letter-spacing: -0.015em; }
.good .verdict { color: var(--good); } .attention .verdict { color: var(--attention); } .bad .verdict { color: var(--bad); }
h1 .app { font-weight: 400; overflow-wrap: anywhere; }
.headline { font-size: 18px; max-width: 68ch; margin: 6px 0 22px; overflow-wrap: anywhere; }
.route, .figures { display: flex; flex-wrap: wrap; margin: 0; }
.route { gap: 12px 56px; margin-bottom: 22px; }
dt { color: var(--muted); font-size: 13px; }
dd { margin: 0; overflow-wrap: anywhere; }
.route > div { max-width: 560px; }
.figures { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); overflow: hidden; }
.figures > div { flex: 1 1 170px; padding: 12px 18px; box-shadow: 1px 0 0 var(--line), 0 1px 0 var(--line); }
.figures .value { font-size: 20px; font-weight: 620; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.columns { display: grid; grid-template-columns: 168px minmax(0, 1fr); gap: 40px; align-items: start; }
nav { position: sticky; top: 20px; font-size: 14px; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: 4px 0; color: var(--muted); text-decoration: none; }
nav a:hover { color: var(--text); text-decoration: underline; }
section { padding: 0 0 40px; }
h2 { font-size: 19px; font-weight: 640; letter-spacing: -0.01em; margin-bottom: 4px; }
h3 { font-size: 15px; font-weight: 620; }
.lede { color: var(--muted); max-width: 88ch; text-wrap: pretty; }
h2 + :not(.lede) { margin-top: 12px; }
main h3 { margin: 18px 0 6px; }
.finding h3 { margin-top: 0; }
.callout { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); padding: 18px 22px 10px; margin-bottom: 32px; }
.callout.bad { border-color: var(--bad); }
.callout.bad + .callout { margin-top: -16px; }
.callout p, .callout li { max-width: 76ch; overflow-wrap: anywhere; }
.callout ol { padding-left: 22px; }
.callout li { margin-bottom: 6px; }
details { margin: 0 0 12px; }
summary { cursor: pointer; color: var(--muted); font-size: 14px; padding: 3px 0; width: fit-content; max-width: 100%; overflow-wrap: anywhere; }
summary:hover { color: var(--text); }
summary strong { color: var(--text); font-weight: 600; }
.copyable { position: relative; margin: 0 0 12px; }
.copyable pre { margin: 0; background: var(--sunken); border-radius: 6px; padding: 11px 14px; overflow: auto; max-height: 420px; white-space: pre-wrap; }
.js .copyable pre { padding-right: 84px; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.copy, .more { font-size: 13px; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); padding: 3px 12px; }
.copy { position: absolute; top: 7px; right: 7px; }
.copy:hover, .more:hover { border-color: var(--muted); }
.more { margin-top: 10px; padding: 6px 16px; }
.finding { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); padding: 14px 20px 4px; margin-bottom: 14px; }
.finding p { margin-bottom: 8px; max-width: 80ch; overflow-wrap: anywhere; }
.finding h3 { margin-bottom: 6px; overflow-wrap: anywhere; }
.finding h3 code { font-weight: 500; color: var(--muted); }
.rank, .status { display: inline-block; white-space: nowrap; font-size: 12.5px; font-weight: 560; border-radius: 4px; padding: 0 7px; background: var(--sunken); color: var(--muted); }
.blocked .rank, .could-not-check .rank, .status.bad { background: var(--bad-soft); color: var(--bad); }
.warning .rank, .status.attention { background: var(--attention-soft); color: var(--attention); }
.status.good { background: none; padding: 0; color: var(--good); }
.objects { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 14px; }
.outcome { color: var(--text); } .outcome.match { color: var(--good); } .outcome.mismatch { color: var(--bad); } .outcome.could-not-complete { color: var(--attention); }
.losses { list-style: none; padding: 0 0 0 14px; border-left: 2px solid var(--line); }
.losses p { margin-bottom: 4px; overflow-wrap: anywhere; }
.log { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 18px 4px; font-size: 13.5px; }
.log pre { margin: 0 0 8px; padding: 6px 0 6px 12px; border-left: 2px solid var(--line); max-height: 420px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12.5px; }
.log .offset { color: var(--muted); font-variant-numeric: tabular-nums; }
.log .problem { color: var(--bad); }
footer { color: var(--muted); font-size: 13px; padding-top: 8px; padding-bottom: 48px; }
[hidden] { display: none !important; }
@media (max-width: 1000px) {
  .columns { grid-template-columns: minmax(0, 1fr); gap: 24px; }
  nav { position: static; }
  nav ul { display: flex; flex-wrap: wrap; gap: 2px 18px; }
}
@media (max-width: 640px) {
  .masthead, .columns, footer { padding-left: 16px; padding-right: 16px; }
  .masthead { padding-top: 24px; padding-bottom: 20px; }
  h1 { font-size: 25px; }
  .headline { font-size: 16.5px; }
  .figures > div { flex-basis: 150px; padding: 10px 14px; }
  .figures .value { font-size: 18px; }
  .finding, .callout { padding-left: 14px; padding-right: 14px; }
  .log { padding-left: 10px; padding-right: 10px; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;

const printStyles = `
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --panel: #ffffff; --sunken: #f3f4f6; --text: #000000; --muted: #444c56; --line: #c4cad1;
    --accent: #3a53c5; --accent-soft: #e4e8fa; --good: #17703a; --attention: #8a5a00; --bad: #be1e2d;
    --attention-soft: #fbefd6; --bad-soft: #fbe6e8; --window: #e9ecf9;
  }
  @page { margin: 16mm 14mm; }
  body { font-size: 10pt; }
  nav, .skip, .copy, .more, .search { display: none !important; }
  .masthead, .columns, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .masthead { padding-top: 0; }
  .columns { display: block; }
  .scroll, pre { max-height: none !important; overflow: visible !important; }
  .js .copyable pre { padding-right: 14px; }
  .finding, .callout, figure, tr, .figures > div { break-inside: avoid; }
  h2, h3, caption, summary { break-after: avoid; }
  thead { display: table-header-group; }
  th, thead th { position: static !important; }
  td, th { white-space: normal !important; overflow-wrap: anywhere; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

/** The page's whole style. Colours are variables, so that charts and text follow light, dark and paper together. */
export const styles = `${baseStyles}${tableStyles}${chartStyles}${printStyles}`;
