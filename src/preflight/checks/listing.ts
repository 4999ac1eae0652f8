import type { CheckResult } from "../../report.ts";
import type { Check } from "../check.ts";
import { findingAbout } from "../check.ts";
import type { FindingCode } from "../codes.ts";

interface Listing {
  id: string;
  title: string;
  code: FindingCode;
  area?: CheckResult["area"];
  /** Gives `name`, and `sql` where a statement mends it. `$1` is an array of the oids of the schemas in scope. */
  query: string;
  /** Before this major the question does not arise, or the catalog cannot answer it. */
  sinceMajor?: number;
  message: (count: number) => string;
}

/** A check that is one query: each row is an object with the problem. */
export function listing({ query, code, message, sinceMajor = 0, area = "source", ...rest }: Listing): Check {
  return {
    ...rest,
    area,
    needs: ["source"],
    async run(gate) {
      const { session, catalog } = gate.source;
      if ((await catalog.server()).majorVersion < sinceMajor) return [];
      const parameters = query.includes("$1") ? [(await catalog.scope()).oids] : [];
      const rows = await session.rows<{ name: string; sql?: string | null }>(query, parameters);
      const statements = rows.map(({ sql }) => sql ?? "").filter((sql) => sql !== "");
      return findingAbout(
        code,
        rows.map(({ name }) => name),
        (count) => ({
          message: message(count),
          ...(statements.length === 0 ? {} : { sql: [...new Set(statements)].join("\n") }),
        }),
      );
    },
  };
}

/** SQL: the object is not a member of an extension, so it is the user's. */
export function isOwnObject(catalog: string, oid: string): string {
  return `not exists (select from pg_depend member where member.classid = '${catalog}'::regclass
                         and member.objid = ${oid} and member.deptype = 'e')`;
}

/** The first oid that initdb has not given away. */
export const firstUserOid = 16384;
