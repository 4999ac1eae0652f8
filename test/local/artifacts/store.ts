import { createHash, randomBytes } from "node:crypto";
import { type TokenHolder } from "./token.ts";

/** One artifact as the service keeps it. `content` is what was uploaded: a zip, or one raw file. */
export type Artifact = TokenHolder & {
  id: number;
  name: string;
  mimeType: string;
  createdAt: Date;
  expiresAt: string | undefined;
  /** Secret of its signed URLs. */
  signature: string;
  blocks: Map<string, Buffer>;
  content: Buffer | undefined;
  contentType: string;
  finalized: boolean;
};

/** Everything that was uploaded, oldest first. Names are unique within one attempt of a run. */
export class ArtifactStore {
  #artifacts: Artifact[] = [];
  #lastId = 0;

  create(holder: TokenHolder, fields: Pick<Artifact, "name" | "mimeType" | "expiresAt">): Artifact | undefined {
    const taken = this.#artifacts.some(
      (other) => other.name === fields.name && other.runId === holder.runId && other.attempt === holder.attempt,
    );
    if (taken) return undefined;
    const artifact: Artifact = {
      ...holder,
      ...fields,
      id: ++this.#lastId,
      createdAt: new Date(),
      signature: randomBytes(24).toString("base64"),
      blocks: new Map(),
      content: undefined,
      contentType: "application/octet-stream",
      finalized: false,
    };
    this.#artifacts.push(artifact);
    return artifact;
  }

  /** Finished artifacts of one run, or of all. */
  list(runId?: string): Artifact[] {
    return this.#artifacts.filter(
      (artifact) => artifact.finalized && (runId === undefined || artifact.runId === runId),
    );
  }

  /** The newest artifact of that name in the run, finished or not. */
  find(runId: string, name: string | undefined): Artifact | undefined {
    return this.#artifacts.findLast((artifact) => artifact.runId === runId && artifact.name === name);
  }

  findById(id: number): Artifact | undefined {
    return this.#artifacts.find((artifact) => artifact.id === id);
  }

  delete(artifact: Artifact): void {
    this.#artifacts = this.#artifacts.filter((other) => other !== artifact);
  }
}

/** `sha256:<hex>`, the form in which the service speaks of a checksum. */
export function digest(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
