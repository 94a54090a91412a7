# An image of the server without the embedded PostgreSQL. DATABASE_URL is required.
FROM rust:1.95-bookworm AS build
# cargo-auditable embeds the list of dependencies in the executable, for vulnerability scanners.
RUN cargo install --locked --version 0.7.7 cargo-auditable
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo auditable build --release --locked --no-default-features --features opentelemetry && \
    cp target/release/erpsync /erpsync

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /erpsync /usr/local/bin/erpsync
ENV ERPSYNC_LISTEN=0.0.0.0:8080 ERPSYNC_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/erpsync", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/erpsync"]
