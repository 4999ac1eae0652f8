/** A workflow command as a line of output carries it. */
export type Command = { name: string; properties: Record<string, string>; data: string };

/**
 * Parses `::name key=value,…::data`, which must start the line, or the older `##[name key=value;…]data`, which need not;
 * undefined for ordinary output and unknown names (actions/runner, src/Runner.Common/ActionCommand.cs).
 */
export function parseCommand(line: string, known: ReadonlySet<string>): Command | undefined {
  return parseColons(line.trimStart(), known) ?? parseBrackets(line, known);
}

function parseColons(line: string, known: ReadonlySet<string>): Command | undefined {
  const end = line.startsWith("::") ? line.indexOf("::", 2) : -1;
  if (end < 0) return undefined;
  const escapes = { "%0D": "\r", "%0A": "\n", "%25": "%" };
  const propertyEscapes = { "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%" };
  return readCommand(line.slice(2, end), line.slice(end + 2), { known, separator: ",", escapes, propertyEscapes });
}

function parseBrackets(line: string, known: ReadonlySet<string>): Command | undefined {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  if (end < 0) return undefined;
  const escapes = { "%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%" };
  const form = { known, separator: ";", escapes, propertyEscapes: escapes };
  return readCommand(line.slice(start + 3, end), line.slice(end + 1), form);
}

type Form = {
  known: ReadonlySet<string>;
  separator: string;
  escapes: Record<string, string>;
  propertyEscapes: Record<string, string>;
};

function readCommand(head: string, text: string, form: Form): Command | undefined {
  const [name = "", ...rest] = head.split(" ");
  if (!form.known.has(name.toLowerCase())) return undefined;
  const properties: Record<string, string> = {};
  for (const pair of rest.join(" ").trim().split(form.separator)) {
    const [, key, value] = /^([^=]+)=([^]+)$/.exec(pair) ?? [];
    if (key !== undefined && value !== undefined) properties[key] = unescape(value, form.propertyEscapes);
  }
  return { name: name.toLowerCase(), properties, data: unescape(text, form.escapes) };
}

/** In the order of the table: the percent sign comes last. */
function unescape(text: string, escapes: Record<string, string>): string {
  return Object.entries(escapes).reduce((result, [escaped, char]) => result.replaceAll(escaped, char), text);
}
