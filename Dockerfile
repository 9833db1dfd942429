# The image that `seaworthy nodes run` starts on nodes: one static program and nothing else.
#
#   docker build -t registry.example.com/seaworthy .
FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
ENV RUSTFLAGS="-C target-feature=+crt-static"
# A target of its own keeps the flags away from build scripts and procedural macros, which cannot be static.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
 && cargo build --locked --profile dist --package seaworthy --target "$target" \
 && cp "target/$target/dist/seaworthy" /seaworthy

FROM scratch
COPY --from=build /seaworthy /seaworthy
ENTRYPOINT ["/seaworthy"]
