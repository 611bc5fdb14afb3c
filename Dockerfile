# One image for every process of the house. It starts nothing by itself: each service of
# docker-compose.yml names its command.
FROM node:24-bookworm-slim

ENV NODE_ENV=production
WORKDIR /house

COPY package.json package-lock.json ./
# The optional packages put a Node on the path of a machine that has none; this image has its own.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund && npm cache clean --force

COPY schema schema
COPY sharing sharing
COPY platform platform
COPY subgraphs subgraphs
COPY gateway gateway
COPY scripts scripts

USER node
