import { dataTime } from "./answers.ts";
import { findApp, newId, type Addon, type App, type World } from "./world.ts";

export type LogLine = { createdAt: Date; level: string; message: string };

export type Transfer = {
  uuid: string;
  /** Counts up for each app. */
  num: number;
  /** The app that bills the add-on. */
  app: App;
  addon: Addon;
  fromName: string;
  fromType: "htcat" | "pg_dump" | "gof3r";
  fromUrl: string;
  toName: string;
  toType: "pg_restore" | "gof3r";
  toUrl: string;
  sourceBytes: number | null;
  processedBytes: number;
  succeeded: boolean | null;
  warnings: number;
  createdAt: Date;
  startedAt: Date | null;
  canceledAt: Date | null;
  updatedAt: Date;
  finishedAt: Date | null;
  logs: LogLine[];
};

type Ends = Pick<Transfer, "fromName" | "fromType" | "fromUrl" | "toName" | "toType" | "toUrl">;

/** Adds a pending transfer with the app's next number. */
export function addTransfer(world: World, addon: Addon, ends: Ends): Transfer {
  const now = new Date();
  const earlier = world.transfers.filter((transfer) => transfer.app === addon.app);
  const transfer: Transfer = {
    uuid: newId(),
    num: Math.max(0, ...earlier.map(({ num }) => num)) + 1,
    app: addon.app,
    addon,
    ...ends,
    sourceBytes: null,
    processedBytes: 0,
    succeeded: null,
    warnings: 0,
    createdAt: now,
    startedAt: null,
    canceledAt: null,
    updatedAt: now,
    finishedAt: null,
    logs: [],
  };
  world.transfers.push(transfer);
  return transfer;
}

export function log(transfer: Transfer, message: string): void {
  transfer.logs.push({ createdAt: new Date(), level: "info", message });
}

export function begin(transfer: Transfer): void {
  transfer.startedAt = new Date();
  transfer.updatedAt = transfer.startedAt;
}

/** The end of a transfer. A canceled one has not succeeded, whatever its programs said. */
export function finish(transfer: Transfer, verdict: { succeeded: boolean; warnings: number }): void {
  const isCanceled = transfer.canceledAt !== null;
  transfer.succeeded = verdict.succeeded && !isCanceled;
  transfer.warnings = transfer.succeeded ? verdict.warnings : 0;
  transfer.finishedAt = new Date();
  transfer.updatedAt = transfer.finishedAt;
}

export function listTransfersOf(world: World, app: App): Transfer[] {
  return world.transfers.filter((transfer) => transfer.app === app);
}

/** By uuid or number, under the id or the name of the app that bills the add-on. */
export function findTransfer(world: World, app: unknown, id: string): Transfer | undefined {
  const owner = findApp(world, app);
  return world.transfers.find(
    (transfer) => transfer.app === owner && (transfer.uuid === id || String(transfer.num) === id),
  );
}

/** The attachment's name, as Heroku shows a database in its transfers; `DATABASE` where it has several. */
export function nameOf(world: World, addon: Addon): string {
  const names = world.attachments.filter((attachment) => attachment.addon === addon).map(({ name }) => name);
  return names.find((name) => name === "DATABASE") ?? names[0] ?? addon.name;
}

export function renderTransfer(transfer: Transfer, isVerbose: boolean): Record<string, unknown> {
  const time = (date: Date | null): string | null => date && dataTime(date);
  const logs = transfer.logs.map(({ createdAt, level, message }) => ({
    created_at: dataTime(createdAt),
    level,
    message,
  }));
  return {
    uuid: transfer.uuid,
    num: transfer.num,
    from_name: transfer.fromName,
    from_type: transfer.fromType,
    from_url: transfer.fromUrl,
    to_name: transfer.toName,
    to_type: transfer.toType,
    to_url: transfer.toUrl,
    options: {},
    source_bytes: transfer.sourceBytes,
    processed_bytes: transfer.processedBytes,
    succeeded: transfer.succeeded,
    warnings: transfer.warnings,
    created_at: time(transfer.createdAt),
    started_at: time(transfer.startedAt),
    canceled_at: time(transfer.canceledAt),
    updated_at: time(transfer.updatedAt),
    finished_at: time(transfer.finishedAt),
    deleted_at: null,
    purged_at: null,
    num_keep: 5,
    ...(isVerbose && { logs }),
  };
}
