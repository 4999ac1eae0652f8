import type { Provider } from "../../inputs/definitions.ts";
import { aiven, digitalocean, linode, upcloud, vultr } from "./aiven-family.ts";
import { awsRds } from "./amazon.ts";
import { generic } from "./generic.ts";
import { googleCloudSql } from "./google.ts";
import { azure } from "./microsoft.ts";
import type { ProviderProfile } from "./profile.ts";
import { render } from "./render.ts";

/** In the order of the guides; `generic` last. */
export const profiles: readonly ProviderProfile[] = [
  awsRds,
  googleCloudSql,
  azure,
  linode,
  upcloud,
  render,
  digitalocean,
  vultr,
  aiven,
  generic,
];

export function profileOf(id: Provider): ProviderProfile {
  return profiles.find((profile) => profile.id === id) ?? generic;
}
