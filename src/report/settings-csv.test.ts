import { expect, test } from "vitest";
import { redactSettingsCsv, renderSettingsDiffCsv } from "./settings-csv.ts";

const header = "name,setting,unit,vartype,boot_val,reset_val,sourcefile,pending_restart\n";

test("leaves every byte alone where nothing is secret", () => {
  const csv = `${header}search_path,"""$user"", public",,string,,"a\nb",,f\nwork_mem,4096,kB,integer,4096,4096,,f\n`;
  expect(redactSettingsCsv(csv)).toEqual({ text: csv, redactions: 0 });
});

test("blanks values by name and by shape, in every column that holds one, and counts settings", () => {
  const csv = `${header}primary_conninfo,"host=a password=b, c",,string,,"host=a password=b, c",,f
vendor.api_key,abc,,string,,abc,,f
vendor.url,postgres://u:pw@h/d,,string,,postgres://u:pw@h/d,,f
vendor.note,AKIAABCDEFGHIJKLMNOP,,string,,x,,f
archive_command,(disabled),,string,,,,f
password_encryption,scram-sha-256,,enum,md5,scram-sha-256,,f
`;
  const { text, redactions } = redactSettingsCsv(csv);
  expect(redactions).toBe(4);
  expect(text).toBe(`${header}primary_conninfo,***,,string,,***,,f
vendor.api_key,***,,string,,***,,f
vendor.url,***,,string,,***,,f
vendor.note,***,,string,,***,,f
archive_command,(disabled),,string,,,,f
password_encryption,scram-sha-256,,enum,md5,scram-sha-256,,f
`);
});

test("settings-diff.csv has what changes behaviour first, and no secret", () => {
  const csv = renderSettingsDiffCsv([
    { name: "work_mem", source: "4096 kB", target: "4096 kB", verdict: "same", note: "" },
    { name: "restore_command", source: "cp x", target: "", verdict: "cannot-be-set", note: "n" },
    { name: "TimeZone", source: "UTC", target: null, verdict: "changes-behaviour", note: "n" },
  ]);
  expect(csv.split("\n").slice(1, 4)).toEqual([
    "TimeZone,UTC,,changes-behaviour,n",
    "restore_command,***,,cannot-be-set,n",
    "work_mem,4096 kB,4096 kB,same,",
  ]);
});
