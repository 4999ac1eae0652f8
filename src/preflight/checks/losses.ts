import { plural } from "../../format.ts";
import type { Loss } from "../../report.ts";
import type { Check } from "../check.ts";
import { findingAbout } from "../check.ts";
import type { FindingCode } from "../codes.ts";

interface LossCheck {
  id: string;
  title: string;
  code: FindingCode;
  kinds: Loss["kind"][];
  message: (count: number) => string;
}

function lossCheck({ code, kinds, message, ...rest }: LossCheck): Check {
  return {
    ...rest,
    area: "source",
    needs: ["source"],
    async run(gate) {
      const losses = (await gate.source.catalog.losses()).filter(({ kind }) => kinds.includes(kind));
      return findingAbout(
        code,
        losses.map(({ description }) => description),
        (count) => ({ message: message(count) }),
      );
    },
  };
}

export const noRolesStayBehind = lossCheck({
  id: "roles",
  title: "No role but the migration's own has a part in the database",
  code: "ROLES_NOT_CARRIED",
  kinds: ["role", "membership", "owner"],
  message: (count) =>
    `${plural(count, "role, membership or ownership", "roles, memberships and ownerships")} stay behind.`,
});

export const noGrantsStayBehind = lossCheck({
  id: "grants",
  title: "No grants or default privileges",
  code: "GRANTS_NOT_CARRIED",
  kinds: ["grant", "default-privilege"],
  message: (count) => `${plural(count, "group")} of grants and default privileges stay behind.`,
});

export const noStoredSettingsStayBehind = lossCheck({
  id: "stored-settings",
  title: "No settings of roles or of the database",
  code: "ROLE_SETTINGS_NOT_CARRIED",
  kinds: ["role-setting", "database-setting"],
  message: (count) => `${plural(count, "setting")} of roles or of the database stay behind.`,
});

export const noJobsStayBehind = lossCheck({
  id: "scheduled-jobs",
  title: "No jobs are scheduled in the database",
  code: "SCHEDULED_JOBS_NOT_CARRIED",
  kinds: ["job"],
  message: (count) => `${plural(count, "scheduled job")} will not run any more.`,
});
