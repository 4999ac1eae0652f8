import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blockedReport,
  failedRestoreReport,
  mismatchReport,
  secretsOfFixtures,
  successReport,
  warningsReport,
} from "../../test/fixtures/reports.ts";
import type { Report } from "../report.ts";
import { renderSummary } from "./summary.ts";
import { withoutIdentifiers } from "./privacy.ts";

const telling = [secretsOfFixtures.host, ...secretsOfFixtures.roles, ...secretsOfFixtures.addresses];

function withMessage(report: Report, message: string, sql?: string): Report {
  const finding = {
    code: "X",
    severity: "warning" as const,
    message,
    objects: [],
    remedy: message,
    ...(sql === undefined ? {} : { sql }),
  };
  return { ...report, checks: [{ title: "x", area: "source", outcome: "warning", findings: [finding], seconds: 1 }] };
}

function messageOf(report: Report): string | undefined {
  return withoutIdentifiers(report).checks[0]?.findings[0]?.message;
}

function sqlOf(report: Report): string | undefined {
  return withoutIdentifiers(report).checks[0]?.findings[0]?.sql;
}

test.each([
  ["success", successReport()],
  ["warnings", warningsReport()],
  ["blocked gate", blockedReport()],
  ["failed restore", failedRestoreReport()],
  ["mismatch", mismatchReport()],
])("nothing that tells who or where is left after a %s", (_, report) => {
  const hidden = withoutIdentifiers(report);
  for (const name of telling) {
    expect(JSON.stringify(hidden)).not.toContain(name);
    expect(renderSummary(hidden)).not.toContain(name);
  }
});

test("the same name gets the same pseudonym everywhere, and the report is otherwise as it was", () => {
  const hidden = withoutIdentifiers(successReport());
  expect(hidden.source?.host).toBe("host 1");
  expect(hidden.source?.user).toBe("role 1");
  expect(hidden.connections?.map(({ user }) => user)).toEqual(["role 1", "role 1", "role 2", "role 3"]);
  expect(hidden.losses?.[1]?.sql).toBe('grant select on all tables in schema "public" to "role 2";');
  expect(hidden.nextSteps[1]).toBe("Run losses.sql for the grants of `role 2`.");
  expect(hidden.tables).toEqual(successReport().tables);
  expect(hidden.dump).toEqual(successReport().dump);
  expect(hidden.app).toBe("acme-shop");
});

test("a report is not changed", () => {
  const report = blockedReport();
  withoutIdentifiers(report);
  expect(report).toEqual(blockedReport());
});

describe("in text", () => {
  const base = warningsReport();

  test.each([
    [`could not connect to ${secretsOfFixtures.host}:5432`, "could not connect to host 1:5432"],
    ["connection from 10.20.3.99 refused", "connection from address 5 refused"],
    ["on fe80::1ff:fe23:4567:890a", "on address 5"],
    ["at 21:05:33 on 127.0.0.1", "at 21:05:33 on 127.0.0.1"],
    ["version 16.4 and 2.15.3", "version 16.4 and 2.15.3"],
    ["through other.abc123.us-east-1.rds.amazonaws.com", "through host 2"],
    ["host=db.internal.example port=5432", "host=host 2 port=5432"],
    ["postgres://db.internal.example/x", "postgres://host 2/x"],
    ["ask dba@acme.example", "ask address 5"],
    ["see https://devcenter.heroku.com/articles/x", "see https://devcenter.heroku.com/articles/x"],
    ["SHOP_OWNER and shop_owners and shop_owner.", "role 1 and shop_owners and role 1."],
    ["Björn's table", "role 4's table"],
    ["heroku pg:info --app acme-shop", "heroku pg:info --app acme-shop"],
  ])("%s", (message, expected) => {
    expect(messageOf(withMessage(base, message))).toBe(expected);
  });

  test("a role that the report names nowhere else is found in PostgreSQL's own words", () => {
    expect(messageOf(withMessage(base, 'role "carol" does not exist: carol'))).toBe(
      'role "role 5" does not exist: role 5',
    );
  });

  test("a role named like a word of ours goes where it stands as a name", () => {
    const report = { ...base, identifiers: { hosts: [], roles: ["app"] } };
    expect(messageOf(withMessage(report, "The app connects as `app`, role app."))).toBe(
      "The app connects as `role 2`, role role 2.",
    );
  });
});

describe("in SQL", () => {
  const base = warningsReport();

  test.each([
    ['grant select on t to carol, "Dave\'s";', 'grant select on t to "role 5", "role 6";'],
    ['alter table "a" owner to shop_owner;', 'alter table "a" owner to "role 1";'],
    ["-- as shop_owner\nselect 'shop_owner';", "-- as role 1\nselect 'role 1';"],
    [
      'alter default privileges for role "we""ird" grant select on tables to public;',
      'alter default privileges for role "role 5" grant select on tables to public;',
    ],
    ["grant pg_read_all_settings to postgres;", "grant pg_read_all_settings to postgres;"],
  ])("%s", (sql, expected) => {
    expect(sqlOf(withMessage(base, "x", sql))).toBe(expected);
  });
});

test("no name of a role survives in any text, whatever it is made of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 5, maxLength: 30 }), fc.string(), (name, around) => {
      fc.pre(/^[\p{L}\p{N}].*[\p{L}\p{N}]$/u.test(name) && !/^\d+\.|role|user/iu.test(name));
      const report = { ...warningsReport(), identifiers: { hosts: [], roles: [name] } };
      const hidden = withoutIdentifiers(
        withMessage(report, `${around} ${name} "${name}" (${name})`, `grant x to "${name.replaceAll('"', '""')}";`),
      );
      const finding = hidden.checks[0]?.findings[0];
      expect(finding?.message.slice(around.length)).not.toContain(name);
      expect(finding?.sql).not.toContain(name);
    }),
  );
});

test("5,000 tables and 20,000 log lines take less than a few seconds", () => {
  const report = successReport(5_000);
  const startedAt = performance.now();
  withoutIdentifiers(report);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
