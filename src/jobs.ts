interface JobsRequest {
  /** As the inputs have it. */
  jobs: number | "auto";
  /** The runner's. */
  processors: number;
  /** The source answers on this machine: the server itself, a proxy or a tunnel. */
  isSourceLocal: boolean;
  /** Connections that the source has left for readers. */
  connectionRoom: number;
}

/** More readers than this gain nothing on any machine that runs workflows, and take connections from the application. */
const mostJobs = 16;

/**
 * How many readers dump the source: one more than the runner has processors, for while another waits for the network; none
 * more where what they would wait for works on the same processors (docs/performance.md).
 */
export function chooseJobs({ jobs, processors, isSourceLocal, connectionRoom }: JobsRequest): number {
  const wanted = jobs === "auto" ? Math.min(mostJobs, isSourceLocal ? processors : processors + 1) : jobs;
  return Math.max(1, Math.min(wanted, connectionRoom));
}
