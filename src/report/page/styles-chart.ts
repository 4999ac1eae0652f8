export const chartStyles = `
.chart { margin: 0 0 14px; }
.chart > svg { display: block; overflow: visible; }
.chart svg text { font-family: var(--sans); font-size: 12px; fill: var(--muted); font-variant-numeric: tabular-nums; }
.chart figcaption { display: flex; flex-wrap: wrap; gap: 2px 16px; color: var(--muted); font-size: 13px; margin: 6px 0; }
.chart figcaption strong { color: var(--text); font-weight: 600; }
.grid { stroke: var(--line); stroke-width: 1; }
.base { stroke: var(--muted); stroke-width: 1; opacity: 0.6; }
.window { fill: var(--window); }
.chart svg .window-label { fill: var(--accent); }
.chart svg .stage-label { font-size: 13px; }
.chart svg .stage-name { fill: var(--text); font-weight: 560; }
.bar { fill: var(--accent); }
.failed .bar { fill: var(--bad); }
.chart svg .failed .stage-time { fill: var(--bad); font-weight: 560; }
.running .bar { fill: var(--attention); }
.chart svg .skipped .stage-name { fill: var(--muted); font-weight: 400; }
.planned { fill: var(--muted); opacity: 0.75; }
.area { fill: var(--accent); fill-opacity: 0.28; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.key::before { content: ""; display: inline-block; width: 16px; margin-right: 6px; vertical-align: middle; }
.key-bar::before { height: 8px; border-radius: 2px; background: var(--accent); }
.key-planned::before { height: 2px; background: var(--muted); }
.key-window::before { height: 12px; background: var(--window); box-shadow: inset 0 0 0 1px var(--line); }
`;
