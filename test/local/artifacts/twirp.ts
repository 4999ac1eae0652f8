import { type Artifact, type ArtifactStore, digest } from "./store.ts";
import { type TokenHolder } from "./token.ts";

/** Names of the five methods, as they stand at the end of the request's path. */
export const methodNames = [
  "CreateArtifact",
  "FinalizeArtifact",
  "ListArtifacts",
  "GetSignedArtifactURL",
  "DeleteArtifact",
] as const;

export type MethodName = (typeof methodNames)[number];

/** What the service answers: an HTTP status with a JSON body. Errors carry Twirp's `code` and `msg`. */
export type Answer = { status: number; body: object };

/** The fields of all five requests, as they travel. */
export type RequestFields = {
  workflow_run_backend_id?: string;
  name?: string;
  mime_type?: string;
  expires_at?: string;
  size?: string;
  hash?: string;
  name_filter?: string;
  id_filter?: string;
};
type Call = { store: ArtifactStore; holder: TokenHolder; fields: RequestFields; origin: string };

/** Characters that the service refuses in a name (@actions/artifact, path-and-artifact-name-validation.ts). */
const invalidName = /["<>|*?\\/:\r\n]/;

const methods: Record<MethodName, (call: Call) => Answer> = {
  CreateArtifact: create,
  FinalizeArtifact: finalize,
  ListArtifacts: list,
  GetSignedArtifactURL: sign,
  DeleteArtifact: remove,
};

/** Answers one call made with a valid token. Requests carry snake_case; 64-bit numbers are strings. */
export function answerCall(method: MethodName, call: Call): Answer {
  if (call.fields.workflow_run_backend_id !== call.holder.runId)
    return refuse(403, "permission_denied", "the token is for another run");
  return methods[method](call);
}

function create({ store, holder, fields, origin }: Call): Answer {
  const { name = "", mime_type: mimeType = "application/zip", expires_at: expiresAt } = fields;
  if (name === "" || invalidName.test(name)) return refuse(400, "invalid_argument", "the artifact name is not valid");
  const artifact = store.create(holder, { name, mimeType, expiresAt });
  if (!artifact) {
    return refuse(409, "already_exists", "an artifact with this name already exists on the workflow run");
  }
  return accept({ ok: true, signed_upload_url: signedUrl(origin, artifact) });
}

function finalize({ store, holder, fields }: Call): Answer {
  const artifact = store.find(holder.runId, fields.name);
  if (!artifact?.content) return refuse(404, "not_found", "nothing was uploaded under this name");
  if (fields.size !== String(artifact.content.length)) {
    return refuse(400, "invalid_argument", `size ${fields.size} is not ${artifact.content.length}`);
  }
  if (fields.hash !== undefined && fields.hash !== digest(artifact.content)) {
    return refuse(400, "invalid_argument", "the hash is not that of the uploaded bytes");
  }
  artifact.finalized = true;
  return accept({ ok: true, artifact_id: String(artifact.id) });
}

function list({ store, holder, fields }: Call): Answer {
  const { name_filter: name, id_filter: id } = fields;
  const found = store
    .list(holder.runId)
    .filter((artifact) => name === undefined || artifact.name === name)
    .filter((artifact) => id === undefined || String(artifact.id) === id);
  return accept({ artifacts: found.map(describe) });
}

function describe(artifact: Artifact): object {
  return {
    workflow_run_backend_id: artifact.runId,
    workflow_job_run_backend_id: artifact.jobId,
    database_id: String(artifact.id),
    name: artifact.name,
    size: String(artifact.content?.length ?? 0),
    created_at: artifact.createdAt.toISOString(),
    digest: digest(artifact.content ?? Buffer.alloc(0)),
  };
}

function sign({ store, holder, fields, origin }: Call): Answer {
  const artifact = store.find(holder.runId, fields.name);
  if (!artifact?.finalized) return refuse(404, "not_found", "no artifact with this name");
  return accept({ signed_url: signedUrl(origin, artifact) });
}

function remove({ store, holder, fields }: Call): Answer {
  const artifact = store.find(holder.runId, fields.name);
  if (!artifact?.finalized) return refuse(404, "not_found", "no artifact with this name");
  store.delete(artifact);
  return accept({ ok: true, artifact_id: String(artifact.id) });
}

function signedUrl(origin: string, artifact: Artifact): string {
  const url = new URL(`/account/container/${artifact.id}`, origin);
  url.searchParams.set("se", new Date(Date.now() + 3600_000).toISOString());
  url.searchParams.set("sig", artifact.signature);
  return url.href;
}

function accept(body: object): Answer {
  return { status: 200, body };
}

function refuse(status: number, code: string, msg: string): Answer {
  return { status, body: { code, msg } };
}
