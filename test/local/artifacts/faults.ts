import { type ServerResponse } from "node:http";

/** Where a fault can strike: a method of the service, or the bytes on their way in or out. */
export type FaultPoint =
  | "CreateArtifact"
  | "FinalizeArtifact"
  | "ListArtifacts"
  | "GetSignedArtifactURL"
  | "DeleteArtifact"
  | "upload"
  | "download";

export type Fault = {
  at: FaultPoint;
  /** `error`: an HTTP error; `quota`: the 403 that the client reports as UsageError; `stall`: no answer; `reset`: the socket is cut. */
  kind: "error" | "quota" | "stall" | "reset";
  /** HTTP status of an `error`; 500 if not given. */
  status?: number;
  /** How many requests it strikes; all of them if not given. */
  times?: number;
};

/** The faults waiting to strike. */
export class FaultPlan {
  #faults: { fault: Fault; left: number }[] = [];

  inject(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  heal(): void {
    this.#faults = [];
  }

  /** Answers the request with the next fault planned for this point; false if there is none. */
  strike(at: FaultPoint, response: ServerResponse): boolean {
    const planned = this.#faults.find((candidate) => candidate.fault.at === at && candidate.left > 0);
    if (!planned) return false;
    planned.left -= 1;
    answer(planned.fault, response);
    return true;
  }
}

function answer(fault: Fault, response: ServerResponse): void {
  if (fault.kind === "stall") return;
  if (fault.kind === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const quota = fault.kind === "quota";
  const body = quota
    ? { code: "permission_denied", msg: "Artifact storage quota has been hit: insufficient usage to create artifact" }
    : { code: "internal", msg: "injected fault" };
  response.writeHead(quota ? 403 : (fault.status ?? 500), { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
