const byteUnits = ["B", "kB", "MB", "GB", "TB"] as const;

/** `1536000` → `1.5 MB`: decimal units, as storage and network are sold and as Heroku's plans count. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${byteUnits[unit]}`;
}

/** `3725` seconds → `1 h 2 min`; the two largest units, never more. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joinUnits(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(whole / 60);
  return joinUnits(Math.floor(minutes / 60), "h", minutes % 60, "min");
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

export function formatCount(count: number | bigint): string {
  return count.toString().replaceAll(/\B(?=(\d{3})+(?!\d))/gu, ",");
}

export function formatPercent(part: number, whole: number): string {
  if (whole <= 0) return "–";
  if (part >= whole) return "100 %";
  // Rounded down: 100 % is said of the whole only.
  return `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)} %`;
}

/** `plural(1, "table")` → `1 table`, `plural(3, "index", "indexes")` → `3 indexes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Names in a sentence: the first few, then how many more. */
export function listNames(names: readonly string[], limit = 5): string {
  if (names.length <= limit) return names.join(", ");
  return `${names.slice(0, limit).join(", ")} and ${formatCount(names.length - limit)} more`;
}
