import type { ProviderProfile } from "./profile.ts";

/** Amazon RDS and Aurora. */
export const awsRds: ProviderProfile = {
  id: "aws-rds",
  name: "AWS RDS",
  hosts: [/\.rds\.amazonaws\.com$/u, /\.rds\.cn-[a-z0-9-]+\.amazonaws\.com\.cn$/u],
  markers: {
    roles: ["rdsadmin", "rds_superuser"],
    databases: ["rdsadmin"],
    settings: ["rds."],
    functions: ["aurora_version"],
  },
  adminUsers: [],
  poolers: [{ name: "RDS Proxy", host: /\.proxy-[^.]+\..*rds\.amazonaws\.com/u }],
  readers: [/\.cluster-ro-/u],
  internalHosts: [],
  leaveOut: {
    extensions: [
      "aws_commons",
      "aws_s3",
      "aws_lambda",
      "aws_ml",
      "rds_tools",
      "rds_activity_stream",
      "apg_plan_mgmt",
      "pg_tle",
      "pg_transport",
      "log_fdw",
    ],
    schemas: ["aws_commons", "aws_s3", "aws_lambda", "pgtle", "awsdms_*"],
    eventTriggers: ["awsdms_intercept_ddl"],
  },
  ownRoles: ["rdsadmin", "rds_*", "rdsrepladmin", "rdstopmgr", "rdsproxyadmin", "rdswriteforwarduser"],
  rights:
    "The master user is in rds_superuser but has no BYPASSRLS: grant it pg_read_all_data (14 and later) or the owner's role.",
  networkHint:
    "Make the instance publicly accessible with a security-group rule for the runner's address, or use a self-hosted runner inside the VPC.",
  tls: "rds.force_ssl is on from 15. To verify the server, give your region's CA bundle (eu-west-1-bundle.pem) as source-ca. The global bundle is longer than one environment variable may be.",
  majors: [14, 18],
};
