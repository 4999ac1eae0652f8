import { isUtf8 } from "node:buffer";

/** Reads the archive's bytes as text; null reads as the empty string. */
export type ReadText = (bytes: Buffer | null) => string;

/**
 * PostgreSQL's encodings by the labels of the WHATWG encoding standard. LATIN1 is not among them: there the label
 * means windows-1252.
 */
const labels: Readonly<Record<string, string>> = {
  LATIN2: "iso-8859-2",
  LATIN3: "iso-8859-3",
  LATIN4: "iso-8859-4",
  LATIN6: "iso-8859-10",
  LATIN7: "iso-8859-13",
  LATIN8: "iso-8859-14",
  LATIN9: "iso-8859-15",
  LATIN10: "iso-8859-16",
  ISO_8859_5: "iso-8859-5",
  ISO_8859_6: "iso-8859-6",
  ISO_8859_7: "iso-8859-7",
  ISO_8859_8: "iso-8859-8",
  WIN866: "ibm866",
  WIN874: "windows-874",
  WIN1250: "windows-1250",
  WIN1251: "windows-1251",
  WIN1252: "windows-1252",
  WIN1253: "windows-1253",
  WIN1254: "windows-1254",
  WIN1255: "windows-1255",
  WIN1256: "windows-1256",
  WIN1257: "windows-1257",
  WIN1258: "windows-1258",
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  EUC_CN: "gb2312",
  EUC_JP: "euc-jp",
  EUC_KR: "euc-kr",
  SJIS: "shift_jis",
  BIG5: "big5",
  GBK: "gbk",
  GB18030: "gb18030",
  UHC: "euc-kr",
};

/** The reader for a PostgreSQL encoding. What has no decoder here (SQL_ASCII and rare ones) reads as UTF-8 or else Latin-1. */
export function textReader(encoding: string): ReadText {
  const decode = decoderOf(encoding);
  return (bytes) => (bytes === null ? "" : decode(bytes));
}

function decoderOf(encoding: string): (bytes: Buffer) => string {
  if (encoding === "UTF8") return (bytes) => bytes.toString("utf8");
  if (encoding === "LATIN1") return (bytes) => bytes.toString("latin1");
  const label = labels[encoding];
  if (label === undefined) return (bytes) => bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
  const decoder = new TextDecoder(label);
  return (bytes) => decoder.decode(bytes);
}
