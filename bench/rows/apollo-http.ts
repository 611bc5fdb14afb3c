import { ApolloGateway } from "@apollo/gateway";
import { serveApollo } from "../apollo.ts";
import { ground, ready } from "../child.ts";
import { supergraph } from "../supergraph.ts";

const gateway = new ApolloGateway({ supergraphSdl: supergraph(ground.rooms) });
ready({ url: await serveApollo(gateway) });
