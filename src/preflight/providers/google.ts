import type { ProviderProfile } from "./profile.ts";

export const googleCloudSql: ProviderProfile = {
  id: "google-cloud-sql",
  name: "Google Cloud SQL",
  hosts: [/\.sql\.goog$/u, /^\/cloudsql\//u],
  markers: {
    roles: ["cloudsqladmin", "cloudsqlsuperuser"],
    databases: ["cloudsqladmin"],
    settings: ["cloudsql.", "alloydb"],
  },
  adminUsers: [],
  poolers: [{ name: "managed connection pooling", ports: [6432] }],
  readers: [],
  internalHosts: [],
  leaveOut: {
    extensions: [
      "google_vacuum_mgmt",
      "google_ml_integration",
      "google_columnar_engine",
      "google_insights",
      "google_db_advisor",
    ],
    schemas: ["google_*"],
    eventTriggers: [],
  },
  ownRoles: ["cloudsql*", "alloydb*"],
  rights:
    "cloudsqlsuperuser cannot read other roles' tables unless granted: grant pg_read_all_data or the owner's role.",
  networkHint:
    "Add the runner's address to the instance's authorised networks, or run the Cloud SQL Auth Proxy in the job and connect to 127.0.0.1.",
  tls: "Give server-ca.pem as source-ca with sslmode=verify-ca (its name is not the IP address). Behind the Auth Proxy sslmode=disable is right.",
  majors: [13, 18],
};
