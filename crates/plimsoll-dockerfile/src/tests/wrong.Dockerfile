# escape=x
# syntax=a
# syntax=b
# hello
# syntax=late
MAINTAINER me
RUN echo early
FROM
FORM python
FROM python AS 1x
FROM a AS
FROM --plattform=linux/amd64 python:3.11 as Base
RUNN foo
RUN --mont=type=cache --mount=type=cach,target=/x --mount=type=cache,tgt=/x --mount=type=secret --mount --network=hots \
   # comment

   pip install
COPY a
COPY --chown=a --chown=b --link=maybe --from=$X x y
COPY x <<EOF
EOF
ADD <<EOF /x
foo
EOF
CMD ['a', 'b']
CMD ["a", 1]
ENTRYPOINT --foo bar
ENV A
ENV A=b C
ENV =b
LABEL x=1 =2
ARG
ARG =x y=z
ARG --required A
EXPOSE
HEALTHCHECK
HEALTHCHECK NONE x
HEALTHCHECK FOO
HEALTHCHECK CMD
HEALTHCHECK --interval=5 --timeout=1x --start-period=1us --retries=-1 CMD x
HEALTHCHECK --interval=5s NONE
SHELL bash
SHELL []
VOLUME []
VOLUME ["a", ""]
WORKDIR
USER
STOPSIGNAL
ONBUILD FROM x
ONBUILD ONBUILD RUN x
ONBUILD RUM x
ONBUILD
RUN
RUN cat <<END
unfinished
