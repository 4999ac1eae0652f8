import { plural } from "../../format.ts";
import type { Check } from "../check.ts";
import { finding, findingAbout } from "../check.ts";
import type { FindingCode } from "../codes.ts";
import type { HerokuProblemKind } from "../facts.ts";
import { planNamed } from "../../heroku/plans.ts";

const codeByProblem: Readonly<Record<HerokuProblemKind, FindingCode>> = {
  unauthorized: "HEROKU_TOKEN_REFUSED",
  "two-factor": "HEROKU_TOKEN_REFUSED",
  forbidden: "HEROKU_ACCESS_DENIED",
  "app-not-found": "HEROKU_APP_NOT_FOUND",
  "database-not-found": "HEROKU_DATABASE_NOT_FOUND",
  "database-ambiguous": "HEROKU_DATABASE_NOT_FOUND",
  "not-provisioned": "TARGET_NOT_AVAILABLE",
  suspended: "HEROKU_SUSPENDED",
  unreachable: "HEROKU_UNREACHABLE",
};

export const herokuAnswers: Check = {
  id: "heroku-access",
  title: "Heroku accepts the token, and knows the app and its database",
  area: "heroku",
  needs: [],
  run(gate) {
    const problem = gate.herokuProblem;
    if (problem === undefined) {
      return { findings: [], note: `${gate.heroku.addon.name} (${gate.heroku.addon.plan}) of ${gate.heroku.app.name}` };
    }
    return [
      finding(codeByProblem[problem.problem], {
        message: problem.message,
        objects: problem.candidates ?? [gate.inputs.heroku.app],
        ...(problem.hint === undefined ? {} : { remedy: problem.hint }),
      }),
    ];
  },
};

export const planIsSupported: Check = {
  id: "plan",
  title: "The target's plan can be restored into from a URL",
  area: "heroku",
  needs: ["heroku"],
  run(gate) {
    const { plan, name } = gate.heroku.addon;
    if (!planNamed(plan).isAdvanced) return { findings: [], note: plan };
    return [finding("TARGET_PLAN_UNSUPPORTED", { message: `${name} is on the plan ${plan}.`, objects: [name] })];
  },
};

export const targetIsReady: Check = {
  id: "target-state",
  title: "The target is available, no follower, and Heroku is not busy with it",
  area: "heroku",
  needs: ["heroku"],
  run(gate) {
    const { addon, info, runningTransfers, app } = gate.heroku;
    const objects = [addon.name];
    const findings = [];
    const isAvailable = info.isWaiting !== true && (info.status === undefined || /^available/iu.test(info.status));
    if (!isAvailable) {
      const message = `The status of ${addon.name} is ${info.status ?? "not ready yet"}.`;
      const remedy = `Wait: heroku pg:wait --app ${app.name}, then run the gate again.`;
      findings.push(finding("TARGET_NOT_AVAILABLE", { message, objects, remedy }));
    }
    if (info.following !== undefined) {
      findings.push(finding("TARGET_IS_FOLLOWER", { message: `${addon.name} follows ${info.following}.`, objects }));
    }
    const running = runningTransfers.map(({ number, kind, createdAt }) => `${kind} ${number}, since ${createdAt}`);
    findings.push(
      ...findingAbout("TRANSFER_RUNNING", running, (count) => ({
        message: `${plural(count, "transfer")} of ${addon.billingApp} ${count === 1 ? "has" : "have"} not finished.`,
        remedy: `Wait for the end: heroku pg:backups --app ${addon.billingApp}`,
      })),
    );
    return findings;
  },
};

export const targetIsNotShared: Check = {
  id: "target-shared",
  title: "No other app uses the target",
  area: "heroku",
  needs: ["heroku"],
  run(gate) {
    const others = gate.heroku.attachedApps.filter((name) => name !== gate.heroku.app.name);
    return findingAbout("TARGET_SHARED", others, (count) => ({
      message: `${gate.heroku.addon.name} is attached to ${plural(count, "other app")} as well.`,
    }));
  },
};

export const appStandsStill: Check = {
  id: "app-stopped",
  title: "The app's processes stand still during the migration",
  area: "heroku",
  needs: ["heroku"],
  run(gate) {
    const { maintenanceMode, scaleDown } = gate.inputs.heroku;
    const willStop = (type: string): boolean => scaleDown === "all" || scaleDown.includes(type);
    const running = gate.heroku.formation.filter(({ type }) =>
      type === "web" ? !maintenanceMode && !willStop(type) : !willStop(type),
    );
    const objects = running.map(({ type, quantity }) => `${type}: ${quantity}`);
    return findingAbout("APP_KEEPS_RUNNING", objects, (count) => ({
      message: `${plural(count, "process type")} of ${gate.heroku.app.name} ${count === 1 ? "keeps" : "keep"} running.`,
    }));
  },
};

export const noConfigVarNamesSource: Check = {
  id: "config-vars",
  title: "No config var names the source",
  area: "heroku",
  needs: ["heroku"],
  run(gate) {
    const objects = gate.heroku.configVars.map(({ app, name }) => `${app}: ${name}`);
    return findingAbout("CONFIG_VARS_NAME_SOURCE", objects, (count) => ({
      message: `${plural(count, "config var")} ${count === 1 ? "names" : "name"} the source's host: the cut-over list.`,
    }));
  },
};
