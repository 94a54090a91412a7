# The server for a given PostgreSQL: it brings none of its own.
FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --no-default-features && cp target/release/erpsync /erpsync

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /erpsync /usr/local/bin/erpsync
ENV ERPSYNC_LISTEN=0.0.0.0:8080 ERPSYNC_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/erpsync", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/erpsync"]
