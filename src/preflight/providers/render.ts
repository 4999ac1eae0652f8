import type { ProviderProfile } from "./profile.ts";

export const render: ProviderProfile = {
  id: "render",
  name: "Render",
  hosts: [/^dpg-[a-z0-9]+-[a-z]\.[a-z0-9-]+-postgres\.render\.com$/u, /^dpg-[a-z0-9]+-[a-z]$/u],
  markers: {},
  adminUsers: [],
  poolers: [],
  readers: [],
  internalHosts: [/^dpg-[a-z0-9]+-[a-z]$/u],
  leaveOut: { extensions: [], schemas: [], eventTriggers: [] },
  ownRoles: [],
  rights: "An instance has one user, which owns everything.",
  networkHint:
    "A host name without a dot is Render's internal one: use the external database URL. Check the database's inbound IP rules for the runner's address.",
  tls: "The certificate is publicly trusted; TLS 1.2 or newer.",
  majors: [13, 18],
};
