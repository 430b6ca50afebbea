# The bot with what it calls: ssh, and etcd's client tool to look into snapshots. No compiler, no npm cache, no tests.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are Node itself, which the image has, the Slack server of the tests and a faster msgpack.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
# tini reaps what ssh leaves behind; an init of the container runtime would do as well.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends openssh-client etcd-client tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
# What `kit` writes and `doctor` compares with.
COPY deploy/host ./deploy/host
COPY deploy/container ./deploy/container
# A snapshot holds all data of a cluster: the directory is for this user alone.
RUN install -d -m 0700 -o node -g node /var/lib/etcd-medic /var/lib/etcd-medic/backups
USER node
VOLUME /var/lib/etcd-medic/backups
EXPOSE 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ETCD_MEDIC_HTTP_PORT || 9464}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# -g: a signal reaches the bot, and not only the script that waits for it.
ENTRYPOINT ["tini", "-g", "--", "sh", "/app/deploy/container/start.sh"]
# DEP0123: grpc-js hands the address of a member to TLS as its name, which is not in our hands.
# A young generation of 1 MiB: while a snapshot streams through, garbage is collected early instead of piling up (40 to 70 MB less at the peak).
CMD ["node", "--disable-warning=DEP0123", "--max-semi-space-size=1", "src/main.ts"]
